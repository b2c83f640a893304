import {randomBytes} from 'node:crypto';
import {Transaction} from 'bitcoinjs-lib';
import {addressOf, type Network} from '../../source/coins/index.ts';
import {btc} from '../../source/coins/btc.ts';
import type {RelevantTransaction} from '../../source/chain/facts.ts';
import {decideBatch, type BatchRules, type Decision, type Offer} from '../../source/payout/decide-batch.ts';
import type {TransactionPlan} from '../../source/payout/ports.ts';
import {parseAmount, satoshi} from '../../source/primitives/amount.ts';
import {txidFromWire, txidToWire, type BlockHash, type Txid} from '../../source/primitives/ids.ts';
import type {ChainStore} from '../../source/store/chain-store.ts';
import type {PayoutLimits, PayoutRequest, PayoutStore, PlannedBroadcast} from '../../source/store/payout-store.ts';
import {createChainStore} from '../../source/store/sqlite/chain-store.ts';
import {createPayoutStore} from '../../source/store/sqlite/payout-store.ts';
import {createTestLedger, type TestLedger} from './ledger.ts';

export const REGTEST: Network = btc.networks.regtest!;
export const NO_LIMITS: PayoutLimits = {perPayout: undefined, perDay: undefined};
export const POLICY = {confirmations: 1, maxConfirmationCount: 6, coinbaseMaturity: 101};

export const witnessScript = (): Buffer => Buffer.concat([Buffer.from('0014', 'hex'), randomBytes(20)]);

/** An address of a random key hash that nobody holds. */
export const strangersAddress = (): {address: string; scriptPubKey: Buffer} => {
  const scriptPubKey = witnessScript();
  return {address: addressOf(scriptPubKey, REGTEST)!, scriptPubKey};
};

/** A transaction as a wallet would sign it, with witnesses of the usual size and no valid signatures. */
export const unsignedBytes = (plan: Pick<TransactionPlan, 'inputs' | 'outputs'>): {raw: Buffer; txid: Txid} => {
  const transaction = new Transaction();
  transaction.version = 2;
  for (const {outpoint} of plan.inputs) {
    const index = transaction.addInput(txidToWire(outpoint.txid), outpoint.vout, 0xfffffffd);
    transaction.setWitness(index, [Buffer.alloc(71, 1), Buffer.alloc(33, 2)]);
  }
  for (const {scriptPubKey, amount} of plan.outputs) transaction.addOutput(scriptPubKey, amount);
  return {raw: Buffer.from(transaction.toBuffer()), txid: txidFromWire(transaction.getHash())};
};

/** Facts about a transaction, as the skim would report them. */
export const relevant = (raw: Buffer): RelevantTransaction => {
  const transaction = Transaction.fromBuffer(raw);
  return {
    txid: txidFromWire(transaction.getHash()),
    raw,
    coinbase: false,
    inputs: transaction.ins.map(input => ({txid: txidFromWire(input.hash), vout: input.index})),
    outputs: transaction.outs.map((output, vout) => ({
      vout,
      scriptPubKey: Buffer.from(output.script),
      amount: satoshi(output.value),
    })),
  };
};

/** A ledger with the operations of payouts and of the chain, a chain of blocks that the test makes up, and money. */
export class PayoutLedger {
  readonly ledger: TestLedger;
  readonly store: PayoutStore;
  readonly chain: ChainStore;
  now = 1_700_000_000_000;
  #height = 0;
  #hashes: string[];
  #keys = 0;

  constructor() {
    this.ledger = createTestLedger();
    this.store = createPayoutStore(this.ledger.connection, this.ledger.writer, this.ledger.identity, btc);
    this.chain = createChainStore(this.ledger.connection, this.ledger.writer, btc);
    this.#hashes = [this.ledger.identity.genesis];
  }

  get height(): number {
    return this.#height;
  }

  /** One block with these transactions on top of the last one. */
  async block(...raws: readonly Buffer[]): Promise<void> {
    const previous = this.#hashes[this.#height]!;
    const hash = randomBytes(32).toString('hex');
    this.#height += 1;
    this.#hashes[this.#height] = hash;
    const tip = {height: this.#height, hash: hash as BlockHash};
    await this.chain.track(
      {
        tip,
        fork: undefined,
        connected: [{...tip, previous: previous as BlockHash, time: 0, transactions: raws.map(relevant)}],
        seen: [],
        gone: [],
      },
      POLICY,
      this.now,
    );
  }

  /**
   * Replaces the last `depth` blocks by one more than that; the first of them holds these transactions. `ancestors`:
   * found in the branch that is left.
   */
  async reorg(
    depth: number,
    ...given: readonly (Buffer | {raw: Buffer; ancestors: RelevantTransaction[]})[]
  ): Promise<void> {
    const raws = given.map(one => (Buffer.isBuffer(one) ? one : one.raw));
    const ancestors = given.flatMap(one => (Buffer.isBuffer(one) ? [] : one.ancestors));
    const fork = this.#height - depth;
    const connected = [];
    let previous = this.#hashes[fork]!;
    for (let height = fork + 1; height <= this.#height + 1; height += 1) {
      const hash = randomBytes(32).toString('hex');
      const transactions = height === fork + 1 ? raws.map(relevant) : [];
      connected.push({
        height,
        hash: hash as BlockHash,
        previous: previous as BlockHash,
        time: 0,
        transactions,
      });
      previous = hash;
      this.#hashes[height] = hash;
    }
    this.#height += 1;
    await this.chain.track(
      {
        tip: {height: this.#height, hash: previous as BlockHash},
        fork: {height: fork, hash: this.#hashes[fork] as BlockHash},
        connected,
        seen: [],
        gone: [],
        ancestors,
      },
      POLICY,
      this.now,
    );
  }

  async seen(...raws: readonly Buffer[]): Promise<void> {
    const tip = {height: this.#height, hash: this.#hashes[this.#height] as BlockHash};
    await this.chain.track({tip, fork: undefined, connected: [], seen: raws.map(relevant), gone: []}, POLICY, this.now);
  }

  /** The mempool has what coins of ours stem from. */
  async learn(...ancestors: readonly RelevantTransaction[]): Promise<void> {
    const tip = {height: this.#height, hash: this.#hashes[this.#height] as BlockHash};
    const facts = {tip, fork: undefined, connected: [], seen: [], gone: [], ancestors};
    await this.chain.track(facts, POLICY, this.now);
  }

  async gone(txid: Txid): Promise<void> {
    const tip = {height: this.#height, hash: this.#hashes[this.#height] as BlockHash};
    const gone = [{txid, replacedBy: undefined}];
    await this.chain.track({tip, fork: undefined, connected: [], seen: [], gone}, POLICY, this.now);
  }

  addAccount(name: string): number {
    return this.ledger.addAccount(name);
  }

  /** A credited deposit to a fresh address of the account, in a block of its own. */
  async fund(accountId: number, amount: string): Promise<Txid> {
    const {address, scriptPubKey} = strangersAddress();
    this.ledger.addAddress(address, scriptPubKey, accountId);
    const inputs = [
      {outpoint: {txid: randomBytes(32).toString('hex') as Txid, vout: 0}, amount: satoshi(0n), scriptPubKey},
    ];
    const {raw, txid} = unsignedBytes({inputs, outputs: [{address, scriptPubKey, amount: parseAmount(amount)}]});
    await this.block(raw);
    return txid;
  }

  request(account: string, amount: string, more: Partial<PayoutRequest> = {}): PayoutRequest {
    this.#keys += 1;
    return {
      key: `key-${this.#keys}`,
      account,
      ...strangersAddress(),
      amount: parseAmount(amount),
      label: undefined,
      ...more,
    };
  }

  accept(request: PayoutRequest, limits: PayoutLimits = NO_LIMITS) {
    return this.store.acceptPayout(request, limits, this.now);
  }

  async rules(more: Partial<BatchRules> = {}): Promise<BatchRules> {
    let change = await this.store.unusedChangeAddress();
    if (!change) {
      change = strangersAddress();
      await this.store.addChangeAddress(change.address, change.scriptPubKey, this.now);
    }
    return {
      rate: 2,
      minRate: 1,
      maxRate: 200,
      change,
      dustLimit: script => btc.dustLimit(script),
      unit: 'BTC',
      depositMaturity: btc.depositMaturity,
      anchoredOnly: false,
      ...more,
    };
  }

  async reserve(decide?: (offer: Offer) => Decision, limit = 2000): Promise<PlannedBroadcast | undefined> {
    const rules = await this.rules();
    return this.store.reserveBatch(limit, decide ?? (offer => decideBatch(offer, rules)), this.now);
  }

  /** Reserved, signed and sent, as the broadcast loop does; the bytes. */
  async send(): Promise<{id: string; raw: Buffer; txid: Txid; broadcast: PlannedBroadcast}> {
    const broadcast = await this.reserve();
    if (!broadcast) throw new Error('nothing was due');
    const {raw, txid} = unsignedBytes(broadcast.plan);
    await this.store.storeSigned(broadcast.id, raw, txid, this.now);
    await this.store.countAttempt(broadcast.id, this.now);
    await this.store.markSent(broadcast.id, 'accepted', this.now);
    return {id: broadcast.id, raw, txid, broadcast};
  }

  balance(name: string): bigint {
    return this.ledger.balance(name);
  }

  /** Types of the events about payouts, oldest first; those of one payout when named. */
  events(id?: string): string[] {
    return this.ledger
      .events()
      .filter(({type, data}) => type.startsWith('payout.') && (id === undefined || data['id'] === id))
      .map(({type}) => type);
  }

  /** Every rule of the books that holds at any moment. */
  async faults(): Promise<string[]> {
    const {books, faults} = await this.chain.auditBooks();
    return books.drift === '0.00000000' ? faults : [...faults, `drift ${books.drift}`];
  }

  close(): void {
    this.ledger.close();
  }
}
