import * as fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Deposit} from '../../source/contract/index.ts';
import {outpointKey, type OutpointKey, type Txid} from '../../source/primitives/ids.ts';
import {LedgerWorld, scriptOfPayee} from '../support/ledger-world.ts';
import {SimulatedChain, type SimulatedTransaction} from '../support/simulated-chain.ts';

// Random histories of a chain and its mempool; after every step the ledger must be what the chain says.

type Action =
  | {readonly kind: 'pay'; readonly payees: readonly number[]}
  | {readonly kind: 'chain'; readonly pick: number}
  | {readonly kind: 'replace'; readonly pick: number; readonly payee: number}
  | {readonly kind: 'evict'; readonly pick: number}
  | {readonly kind: 'return'; readonly pick: number}
  | {readonly kind: 'mine'; readonly blocks: number; readonly share: number}
  | {readonly kind: 'coinbase'}
  | {
      readonly kind: 'reorg';
      readonly depth: number;
      readonly extra: number;
      readonly keep: number;
      readonly steal: boolean;
    }
  | {readonly kind: 'look'; readonly limit: number};

const PAYEES = ['alice', 'bob', 'change', 'nobody'];
const pick = fc.nat(50);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      payees: fc.array(fc.nat(3), {minLength: 1, maxLength: 3}),
    }),
  },
  {weight: 1, arbitrary: fc.record({kind: fc.constant('chain' as const), pick})},
  {weight: 2, arbitrary: fc.record({kind: fc.constant('replace' as const), pick, payee: fc.nat(3)})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('evict' as const), pick})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('return' as const), pick})},
  {
    weight: 4,
    arbitrary: fc.record({kind: fc.constant('mine' as const), blocks: fc.integer({min: 1, max: 4}), share: fc.nat(3)}),
  },
  {weight: 1, arbitrary: fc.record({kind: fc.constant('coinbase' as const)})},
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reorg' as const),
      depth: fc.integer({min: 1, max: 6}),
      extra: fc.nat(2),
      keep: fc.nat(3),
      steal: fc.boolean(),
    }),
  },
  {weight: 6, arbitrary: fc.record({kind: fc.constant('look' as const), limit: fc.integer({min: 1, max: 5})})},
);

const at = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % Math.max(1, items.length)];

/** Some of the mempool: a child only together with its parent. */
const minableOf = (
  listed: readonly SimulatedTransaction[],
  mempool: ReadonlyMap<Txid, SimulatedTransaction>,
  share: number,
): SimulatedTransaction[] => {
  const chosen = new Set<Txid>();
  return listed.filter(({txid, inputs}, index) => {
    const hasParents = inputs.every(input => !mempool.has(input.txid) || chosen.has(input.txid));
    const isChosen = mempool.has(txid) && index % 4 <= share && hasParents;
    if (isChosen) chosen.add(txid);
    return isChosen;
  });
};

/** A world that actions happen to. Deposits may be settled and still be reorganised away. */
class History {
  readonly world = new LedgerWorld({confirmations: 2, maxConfirmationCount: 6});
  readonly evicted: SimulatedTransaction[] = [];
  #amount = 1n;

  get chain(): SimulatedChain {
    return this.world.chain;
  }

  do(action: Exclude<Action, {kind: 'look'}>): void {
    const {chain, world} = this;
    const mempool = [...chain.mempoolNow.values()];
    switch (action.kind) {
      case 'pay':
        world.pay(
          this.#label(),
          action.payees.map(payee => [PAYEES[payee]!, this.#next()] as const),
        );
        break;
      case 'chain': {
        const parent = at(mempool, action.pick);
        if (parent) world.pay(this.#label(), [['bob', this.#next()]], [{txid: parent.txid, vout: 0}]);
        break;
      }
      case 'replace': {
        const old = at(mempool, action.pick);
        if (old && this.#hasNoChild(old)) world.pay(this.#label(), [[PAYEES[action.payee]!, this.#next()]], old.inputs);
        break;
      }
      case 'evict': {
        const old = at(mempool, action.pick);
        if (!old || !this.#hasNoChild(old)) break;
        chain.evict(old.txid);
        this.evicted.push(old);
        break;
      }
      case 'return': {
        const old = at(this.evicted, action.pick);
        if (old && this.#canEnter(old)) chain.broadcast(old);
        break;
      }
      case 'mine':
        for (let left = action.blocks; left > 0; left--) chain.mine(minableOf(mempool, chain.mempoolNow, action.share));
        break;
      case 'coinbase':
        chain.mine([world.coinbase(this.#label(), [['alice', this.#next()]])]);
        break;
      case 'reorg':
        this.#reorg(action);
    }
  }

  #reorg({depth, extra, keep, steal}: Extract<Action, {kind: 'reorg'}>): void {
    const {chain, world} = this;
    const deep = Math.min(depth, chain.tipNow.height);
    if (deep === 0) return;
    const gone = chain.disconnect(deep);
    const transactions = gone.flatMap(block => block.transactions).filter(({coinbase}) => !coinbase);
    const victim = steal ? transactions.find(transaction => this.#hasNoChild(transaction)) : undefined;
    const kept = transactions.filter((transaction, index) => transaction !== victim && index % 4 <= keep);
    // A child without its parent cannot be mined.
    const minable = kept.filter(({inputs}) =>
      inputs.every(({txid}) => !transactions.some(other => other.txid === txid && !kept.includes(other))),
    );
    const theft = victim ? [world.transaction(this.#label(), [['nobody', 1n]], victim.inputs)] : [];
    chain.mine([...theft, ...minable]);
    for (let left = deep + extra; left > 1; left--) chain.mine([]);
  }

  #hasNoChild({txid}: SimulatedTransaction): boolean {
    return ![...this.chain.mempoolNow.values()].some(({inputs}) => inputs.some(input => input.txid === txid));
  }

  #canEnter({txid, inputs}: SimulatedTransaction): boolean {
    const mined = this.chain.blocksNow.flatMap(block => block.transactions);
    const spent = new Set(mined.flatMap(other => other.inputs.map(outpointKey)));
    const exists = (input: {txid: Txid}) =>
      ![...this.world.labels.keys()].includes(input.txid) ||
      mined.some(other => other.txid === input.txid) ||
      this.chain.mempoolNow.has(input.txid);
    const isFree = inputs.every(input => !spent.has(outpointKey(input)) && exists(input));
    return (
      isFree && !mined.some(other => other.txid === txid) && !inputs.some(input => this.chain.spenderInMempool(input))
    );
  }

  #label(): string {
    return `t${this.world.labels.size}`;
  }

  /** Powers of two would overflow; distinct amounts make a doubled or lost credit show. */
  #next(): bigint {
    this.#amount += 7n;
    return this.#amount;
  }

  /** Balances, deposits and books against the chain itself. */
  async check(): Promise<void> {
    const {world, chain} = this;
    const {books, faults} = await world.store.auditBooks();
    // Nobody makes payouts here: coins of ours that are spent are spent by hand, and that is a drift.
    expect(faults.filter(fault => !fault.startsWith('the books differ'))).toEqual([]);
    const {unspent, spent} = ourCoins(chain);
    expect([books.chain, books.drift].map(amount => BigInt(amount.replace('.', '')))).toEqual([unspent, -spent]);
    const {items} = await world.store.deposits({limit: 1000});
    expectMatchesChain(items, chain);
    expectCredits(items, world);
    expectOrder(world);
  }
}

const ourOutputs = (chain: SimulatedChain): Map<OutpointKey, number | undefined> => {
  const scripts = new Set(['alice', 'bob', 'change'].map(payee => scriptOfPayee(payee).toString('hex')));
  const found = new Map<OutpointKey, number | undefined>();
  const add = ({txid, outputs}: SimulatedTransaction, height: number | undefined) => {
    for (const [vout, {script}] of outputs.entries())
      if (scripts.has(script.toString('hex'))) found.set(outpointKey({txid, vout}), height);
  };
  for (const transaction of chain.mempoolNow.values()) add(transaction, undefined);
  for (const block of chain.blocksNow) for (const transaction of block.transactions) add(transaction, block.height);
  return found;
};

/** Our anchored coins, by whether an anchored transaction spends them. */
const ourCoins = (chain: SimulatedChain): {unspent: bigint; spent: bigint} => {
  const ours = ourOutputs(chain);
  const mined = chain.blocksNow.flatMap(block => block.transactions);
  const spentKeys = new Set(mined.flatMap(({inputs}) => inputs.map(outpointKey)));
  const totals = {unspent: 0n, spent: 0n};
  for (const {txid, outputs} of mined)
    for (const [vout, {amount}] of outputs.entries()) {
      const key = outpointKey({txid, vout});
      if (ours.has(key)) totals[spentKeys.has(key) ? 'spent' : 'unspent'] += amount;
    }
  return totals;
};

/** Every output of ours in chain and mempool is one live deposit at its place; every other deposit is dropped. */
const expectMatchesChain = (deposits: readonly Deposit[], chain: SimulatedChain): void => {
  const expected = ourOutputs(chain);
  const live = deposits.filter(({status}) => status !== 'dropped');
  const places = (pairs: Iterable<readonly [string, number | undefined]>) =>
    [...pairs].map(([key, height]) => `${key} ${height}`).sort();
  expect(places(live.map(({txid, vout, block_height: height}) => [`${txid}:${vout}`, height] as const))).toEqual(
    places(expected),
  );
  for (const {confirmations, block_height: height} of live)
    expect(confirmations).toBe(height === undefined ? 0 : chain.tipNow.height - height + 1);
};

const expectCredits = (deposits: readonly Deposit[], world: LedgerWorld): void => {
  const credited = new Map<string, bigint>();
  for (const {status, account, amount, confirmations, coinbase} of deposits) {
    const creditAt = coinbase ? 101 : world.policy.confirmations;
    // What is credited keeps its credit while it is anchored; what is deep enough is credited.
    if (status === 'detected') expect(confirmations).toBeLessThan(creditAt);
    if (status !== 'credited' && status !== 'settled') continue;
    expect(confirmations).toBeGreaterThan(0);
    credited.set(account, (credited.get(account) ?? 0n) + BigInt(amount.replace('.', '')));
  }
  for (const name of ['alice', 'bob', 'suspense']) expect(world.balance(name)).toBe(credited.get(name) ?? 0n);
};

const RANK: Readonly<Record<string, number>> = {detected: 1, credited: 2, settled: 3};

/** Never skipped, each once, in order; `dropped` leads back to the beginning. */
const expectOrder = (world: LedgerWorld): void => {
  const ranks = new Map<unknown, number>();
  for (const {type, data} of world.ledger.events()) {
    const [noun, verb] = type.split('.') as [string, string];
    if (noun !== 'deposit') continue;
    const rank = RANK[verb];
    const before = ranks.get(data['id']) ?? 0;
    if (rank !== undefined) {
      expect(before).toBe(rank - 1);
      ranks.set(data['id'], rank);
    } else {
      expect(before).toBeGreaterThan(0);
      if (verb === 'dropped') ranks.set(data['id'], 0);
    }
  }
};

test('whatever chain and mempool do, the ledger is what they say, and the same facts twice change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, {minLength: 5, maxLength: 40}), async actions => {
      const history = new History();
      try {
        for (const action of [...actions, {kind: 'look', limit: 1} as const]) {
          if (action.kind !== 'look') {
            history.do(action);
            continue;
          }
          await lookTwice(history);
        }
      } finally {
        history.world.close();
      }
    }),
    {numRuns: Number(process.env['HISTORIES'] ?? 60)},
  );
});

const lookTwice = async (history: History): Promise<void> => {
  const {world} = history;
  const result = await world.look();
  if (result.refusedDeepFork) {
    await world.store.acceptReorg(world.now);
    await world.look();
  }
  await history.check();
  const dump = world.dump();
  const told = world.ledger.events().length;
  await world.again();
  expect(world.dump()).toEqual(dump);
  expect(world.ledger.events().length).toBe(told);
};

test('any batching of the same blocks gives the same ledger', async () => {
  const onlyBlocks = fc.array(
    action.filter(({kind}) => kind !== 'reorg' && kind !== 'look'),
    {minLength: 10, maxLength: 60},
  );
  await fc.assert(
    fc.asyncProperty(onlyBlocks, fc.integer({min: 1, max: 9}), async (actions, limit) => {
      const history = new History();
      const other = new LedgerWorld({confirmations: 2, maxConfirmationCount: 6, chain: history.chain});
      try {
        for (const action of actions) if (action.kind !== 'look') history.do(action);
        history.chain.mempoolNow.clear();
        await history.world.look();
        await other.look(limit);
        await history.check();
        const tables = ['block', 'network_transaction', 'output', 'account'];
        const timeless = (dump: string[]) =>
          dump.map(row => row.replaceAll(/,"(first_seen|credited|created)_at":"?\w+"?/g, '')).sort();
        expect(timeless(other.dump(tables))).toEqual(timeless(history.world.dump(tables)));
        const short = async (world: LedgerWorld) =>
          (await world.store.deposits({limit: 1000})).items
            .map(({txid, vout, status, block_height: height}) => `${txid}:${vout} ${status} ${height}`)
            .sort();
        expect(await short(other)).toEqual(await short(history.world));
      } finally {
        history.world.close();
        other.close();
      }
    }),
    {numRuns: Number(process.env['HISTORIES'] ?? 30)},
  );
});
