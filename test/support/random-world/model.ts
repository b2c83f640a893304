import {expect} from 'vitest';
import type {Deposit, Payout} from '../../../source/contract/index.ts';
import {outpointKey, type BlockHash, type OutpointKey, type Txid} from '../../../source/primitives/ids.ts';
import type {SimulatedTransaction} from '../simulated-chain.ts';
import {POLICY} from './engine.ts';
import {USERS, type RandomWorld} from './world.ts';

interface Coin {
  readonly script: string;
  readonly amount: bigint;
  readonly height: number;
  readonly of: SimulatedTransaction;
}

interface PayoutRow {
  readonly id: bigint;
  readonly account: string;
  readonly script: Buffer;
  readonly amount: bigint;
  readonly status: Payout['status'];
  readonly txid: Txid | null;
  readonly held_from: string | null;
}

interface DepositRow {
  readonly id: bigint;
  readonly txid: Txid;
  readonly vout: bigint;
  readonly account: string;
  readonly amount: bigint;
  readonly status: Deposit['status'];
  readonly height: bigint | null;
  readonly coinbase: bigint;
}

/**
 * What the ledger must say, worked out anew from the blocks that it believes in and from what was asked of it; none of
 * the code under test takes part.
 */
export class Model {
  readonly #world: RandomWorld;
  readonly #told = new Map<string, string>();
  #lastEvent = 0;

  constructor(world: RandomWorld) {
    this.#world = world;
  }

  /** Everything that holds at any moment. */
  async check(): Promise<void> {
    const chain = this.#believedChain();
    const payouts = this.#payouts();
    const deposits = this.#deposits();
    const recognised = this.#recognised(chain);
    const drift = expectedDrift(this.#world, chain, recognised);
    expect(await this.#faults(drift)).toEqual([]);
    this.#expectDeposits(chain, deposits, recognised);
    this.#expectBalances(chain, deposits, payouts, recognised);
    this.#expectPayouts(chain, payouts);
    this.#expectOnePayment(payouts);
    this.#expectCoinsOnce();
    this.#expectEvents();
    this.#expectDelivery();
  }

  /** What every fault ends in, once nothing is broken any more. */
  async expectConverged(): Promise<void> {
    const {node, ledger} = this.#world;
    const [top] = ledger.rows<{hash: string}>('SELECT hash FROM block ORDER BY height DESC LIMIT 1');
    expect(top?.hash).toBe(node.chain.tipNow.hash);
    const isStopped = ledger.rows("SELECT 1 FROM meta WHERE key = 'books_drift'").length > 0;
    const open = (await this.#world.payouts()).filter(
      ({status, clears}) => !['settled', 'cancelled', 'conflicted'].includes(status) && clears !== 'person',
    );
    if (!isStopped) for (const {reason = 'nothing'} of open) expect(reason).toMatch(/^coins_short/);
    const newest = ledger.rows<{sequence: bigint}>('SELECT max(sequence) AS sequence FROM event')[0]!.sequence;
    expect(Math.max(0, ...this.#world.taken.flat())).toBe(Number(newest));
  }

  #rows<Row>(sql: string): Row[] {
    return this.#world.ledger.rows<Row>(sql);
  }

  #payouts(): PayoutRow[] {
    return this.#rows(`SELECT p.id, a.name AS account, p.script, p.amount, p.status, p.held_from, b.txid FROM payout p
      JOIN account a ON a.id = p.account_id LEFT JOIN broadcast b ON b.id = p.broadcast_id ORDER BY p.id`);
  }

  #deposits(): DepositRow[] {
    return this.#rows(`SELECT d.id, d.txid, d.vout, a.name AS account, d.amount, d.status, d.height, d.coinbase
      FROM deposit d JOIN account a ON a.id = d.account_id ORDER BY d.id`);
  }

  #believedChain(): BelievedChain {
    const rungs = this.#rows<{height: bigint; hash: BlockHash}>('SELECT height, hash FROM block ORDER BY height');
    const {chain} = this.#world.node;
    // A change address whose answer was lost is nobody's: the wallet's, and never told to anybody.
    const scripts = new Set(
      this.#rows<{script: Buffer}>('SELECT script FROM address').map(({script}) => script.toString('hex')),
    );
    return believe(
      rungs.map(({hash}) => chain.blockOf(hash)!),
      script => scripts.has(script),
    );
  }

  /** Anchored transactions that the ledger takes for payments of its own; nothing it signed may be missing. */
  #recognised(chain: BelievedChain): ReadonlySet<Txid> {
    const rows = this.#rows<{txid: Txid}>("SELECT txid FROM broadcast WHERE status IN ('confirmed', 'settled')");
    const recognised = new Set(rows.map(({txid}) => txid));
    for (const txid of recognised) expect(`${txid} ${chain.transactions.has(txid)}`).toBe(`${txid} true`);
    for (const txid of this.#world.sent.keys())
      if (chain.transactions.has(txid)) expect(`${txid} ${recognised.has(txid)}`).toBe(`${txid} true`);
    return recognised;
  }

  async #faults(drift: bigint): Promise<string[]> {
    const audit = await this.#world.ask(engine => engine.store.auditBooks());
    if (!audit) return [];
    expect(BigInt(audit.books.drift.replace('.', ''))).toBe(drift);
    return audit.faults.filter(fault => !fault.startsWith('the books differ'));
  }

  /** Every coin that somebody paid us is one deposit, credited when it is deep enough and never otherwise. */
  #expectDeposits(chain: BelievedChain, deposits: readonly DepositRow[], recognised: ReadonlySet<Txid>): void {
    const {changeScripts} = this.#world.node;
    const anchored = deposits.filter(({height}) => height !== null);
    const expected = [...chain.coins].filter(
      ([, {of, script}]) => !(recognised.has(of.txid) && changeScripts.has(script)),
    );
    const place = (key: string, height: number, amount: bigint, owner: string) => `${key} ${height} ${amount} ${owner}`;
    expect(
      anchored
        .map(({txid, vout, height, amount, account}) => place(`${txid}:${vout}`, Number(height), amount, account))
        .sort(),
    ).toEqual(
      expected
        .map(([key, {script, amount, height}]) =>
          place(key, height, amount, this.#world.owners.get(script) ?? 'suspense'),
        )
        .sort(),
    );
    for (const {id, status, height, coinbase} of deposits) {
      const confirmations = height === null ? 0 : chain.height - Number(height) + 1;
      const creditAt = coinbase === 1n ? 101 : POLICY.confirmations;
      const isCredited = status === 'credited' || status === 'settled';
      if (isCredited) expect(`${id} ${confirmations > 0}`).toBe(`${id} true`);
      else expect(`${id} ${confirmations < creditAt}`).toBe(`${id} true`);
      if (confirmations >= Math.max(creditAt, POLICY.maxConfirmationCount))
        expect(`${id} ${status}`).toBe(`${id} settled`);
    }
  }

  #expectBalances(
    chain: BelievedChain,
    deposits: readonly DepositRow[],
    payouts: readonly PayoutRow[],
    recognised: ReadonlySet<Txid>,
  ): void {
    const balances = new Map<string, bigint>();
    const add = (name: string, amount: bigint) => balances.set(name, (balances.get(name) ?? 0n) + amount);
    for (const {account, amount, status} of deposits)
      if (status === 'credited' || status === 'settled') add(account, amount);
    for (const {account, amount, status} of payouts) {
      if (status !== 'cancelled') add(account, -amount);
      if (!['cancelled', 'confirmed', 'settled'].includes(status)) add('payouts_due', amount);
    }
    for (const txid of recognised) add('network_fee', -chain.feeOf(txid));
    const accounts = this.#rows<{name: string; balance: bigint; frozen: string | null}>('SELECT * FROM account');
    for (const {name, balance, frozen} of accounts) {
      if (name === 'external') continue;
      expect(`${name} ${balance}`).toBe(`${name} ${balances.get(name) ?? 0n}`);
      if ((USERS as readonly string[]).includes(name))
        expect(`${name} ${frozen}`).toBe(`${name} ${balance < 0n ? 'reorg' : null}`);
    }
  }

  /** What is confirmed is in the chain, once; what is not, is not; what was cancelled is nowhere. */
  #expectPayouts(chain: BelievedChain, payouts: readonly PayoutRow[]): void {
    const {node, requests} = this.#world;
    expect(payouts.map(({script, amount}) => `${script.toString('hex')} ${amount}`)).toEqual(
      requests.map(({scriptPubKey, amount}) => `${scriptPubKey.toString('hex')} ${amount}`),
    );
    for (const payout of payouts) {
      const paying = chain.paying(payout);
      const isAnchored = payout.status === 'confirmed' || payout.status === 'settled';
      if (isAnchored) expect([payout.id, paying]).toEqual([payout.id, [payout.txid]]);
      // A twin that could not be adopted is a conflict, and may have paid all the same.
      else if (payout.status !== 'conflicted')
        expect([payout.id, payout.status, paying]).toEqual([payout.id, payout.status, []]);
      if (payout.status === 'cancelled')
        expect([payout.id, [...this.#everMade()].filter(one => pays(one, payout)).map(({txid}) => txid)]).toEqual([
          payout.id,
          [],
        ]);
    }
    expect(node.chain.blocksNow.length).toBeGreaterThan(0);
  }

  *#everMade(): Iterable<SimulatedTransaction> {
    yield* this.#world.sent.values();
  }

  /** All transactions that ever paid one payout spend a coin in common: one of them at most can ever confirm. */
  #expectOnePayment(payouts: readonly PayoutRow[]): void {
    const made = [
      ...this.#world.sent.values(),
      ...[...this.#world.node.byHand].map(txid => this.#world.node.made.get(txid)!),
    ];
    for (const payout of payouts) {
      const paying = made.filter(one => pays(one, payout));
      for (const [index, one] of paying.entries())
        for (const other of paying.slice(index + 1)) {
          const inputs = new Set(one.inputs.map(outpointKey));
          const isShared = one.txid === other.txid || other.inputs.some(input => inputs.has(outpointKey(input)));
          expect(`payout ${payout.id}: ${one.txid} ${other.txid} ${isShared}`).toBe(
            `payout ${payout.id}: ${one.txid} ${other.txid} true`,
          );
        }
    }
  }

  #expectCoinsOnce(): void {
    const twice = this.#rows(`SELECT i.txid, i.vout FROM broadcast_input i JOIN broadcast b ON b.id = i.broadcast_id
      WHERE b.status IN ('reserved', 'signed', 'sent', 'held', 'confirmed')
      GROUP BY i.txid, i.vout HAVING count(DISTINCT b.family) > 1`);
    expect(twice).toEqual([]);
  }

  /** No gap; for each item the steps that are never skipped, in their order. */
  #expectEvents(): void {
    const rows = this.#rows<{sequence: bigint; type: string; data: string}>(
      `SELECT sequence, type, data FROM event WHERE sequence > ${this.#lastEvent} ORDER BY sequence`,
    );
    for (const {sequence, type, data} of rows) {
      this.#lastEvent += 1;
      expect(Number(sequence)).toBe(this.#lastEvent);
      const [noun, verb] = type.split('.') as [string, string];
      if (noun !== 'deposit' && noun !== 'payout') continue;
      const key = `${noun} ${(JSON.parse(data) as {id: string}).id}`;
      const before = this.#told.get(key) ?? 'new';
      const after = STEPS[noun][verb];
      if (!after) throw new Error(`no event ${type} was expected`);
      expect(`${key}: ${verb} after ${before} ${after.from.includes(before)}`).toBe(
        `${key}: ${verb} after ${before} true`,
      );
      this.#told.set(key, after.to ?? before);
    }
  }

  /** One after the other; a new life may repeat what the one before could not note, and leaves nothing out. */
  #expectDelivery(): void {
    let highest = 0;
    for (const taken of this.#world.taken) {
      const [first = 1] = taken;
      expect(first).toBeLessThanOrEqual(highest + 1);
      expect(taken).toEqual(taken.map((_, index) => first + index));
      highest = Math.max(highest, taken.at(-1) ?? 0);
    }
  }
}

const STEPS: Readonly<Record<'deposit' | 'payout', Readonly<Record<string, {from: readonly string[]; to?: string}>>>> =
  {
    deposit: {
      detected: {from: ['new', 'dropped'], to: 'detected'},
      confirmations: {from: ['detected', 'credited']},
      credited: {from: ['detected'], to: 'credited'},
      settled: {from: ['credited'], to: 'settled'},
      dropped: {from: ['detected', 'credited', 'settled'], to: 'dropped'},
    },
    payout: {
      queued: {from: ['new'], to: 'queued'},
      held: {from: ['queued', 'sent']},
      released: {from: ['queued']},
      cancelled: {from: ['queued'], to: 'cancelled'},
      sent: {from: ['queued', 'sent', 'conflicted'], to: 'sent'},
      confirmed: {from: ['sent'], to: 'confirmed'},
      confirmations: {from: ['confirmed']},
      unconfirmed: {from: ['confirmed', 'settled'], to: 'sent'},
      settled: {from: ['confirmed'], to: 'settled'},
      conflicted: {from: ['queued', 'sent'], to: 'conflicted'},
    },
  };

const pays = ({outputs}: SimulatedTransaction, {script, amount}: Pick<PayoutRow, 'script' | 'amount'>): boolean =>
  outputs.some(output => output.amount === amount && script.equals(output.script));

interface BelievedChain {
  readonly height: number;
  readonly transactions: ReadonlyMap<Txid, SimulatedTransaction>;
  /** Outputs to scripts of ours. */
  readonly coins: ReadonlyMap<OutpointKey, Coin>;
  readonly spenders: ReadonlyMap<OutpointKey, Txid>;
  feeOf(txid: Txid): bigint;
  paying(payout: Pick<PayoutRow, 'script' | 'amount'>): Txid[];
}

const believe = (
  blocks: readonly {height: number; transactions: readonly SimulatedTransaction[]}[],
  isOurs: (script: string) => boolean,
): BelievedChain => {
  const transactions = new Map<Txid, SimulatedTransaction>();
  const coins = new Map<OutpointKey, Coin>();
  const spenders = new Map<OutpointKey, Txid>();
  for (const {height, transactions: mined} of blocks)
    for (const of of mined) {
      transactions.set(of.txid, of);
      for (const input of of.inputs) spenders.set(outpointKey(input), of.txid);
      for (const [vout, {script, amount}] of of.outputs.entries()) {
        const hex = script.toString('hex');
        if (isOurs(hex)) coins.set(outpointKey({txid: of.txid, vout}), {script: hex, amount, height, of});
      }
    }
  return {
    height: blocks.at(-1)!.height,
    transactions,
    coins,
    spenders,
    feeOf: txid => {
      const {inputs, outputs} = transactions.get(txid)!;
      const spent = inputs.reduce((total, input) => total + (coins.get(outpointKey(input))?.amount ?? 0n), 0n);
      return outputs.reduce((total, {amount}) => total - amount, spent);
    },
    paying: payout => [...transactions.values()].filter(one => pays(one, payout)).map(({txid}) => txid),
  };
};

/** Coins of ours that an anchored transaction took which is no payment of ours. */
const expectedDrift = (world: RandomWorld, chain: BelievedChain, recognised: ReadonlySet<Txid>): bigint => {
  let drift = 0n;
  for (const [key, {amount}] of chain.coins) {
    const spender = chain.spenders.get(key);
    if (spender === undefined || recognised.has(spender)) continue;
    expect(`${spender} ${world.node.byHand.has(spender)}`).toBe(`${spender} true`);
    drift -= amount;
  }
  return drift;
};
