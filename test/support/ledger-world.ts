import {btc} from '../../source/coins/btc.ts';
import type {ChainFacts} from '../../source/chain/facts.ts';
import type {Deposit} from '../../source/contract/index.ts';
import type {BlockHash, Outpoint, Txid} from '../../source/primitives/ids.ts';
import {createChainStore} from '../../source/store/sqlite/chain-store.ts';
import type {ChainStore, TrackPolicy, TrackResult} from '../../source/store/chain-store.ts';
import type {JobStore} from '../../source/store/job-store.ts';
import {createTestLedger, type TestLedger} from './ledger.ts';
import {SimulatedChain, type SimulatedTransaction} from './simulated-chain.ts';

export type Payee = string;
/** `[who, amount]`: an account with an address, `change` for a change address of ours, or `nobody`. */
export type Payment = readonly [payee: Payee, amount: bigint];

const FOREIGN_SCRIPT = Buffer.from('0014ffffffffffffffffffffffffffffffffffffffff', 'hex');
/** Accounts in every world, each with one address; `change` is a change address. */
const PAYEES = ['alice', 'bob', 'carol', 'change'];
export const scriptOfPayee = (payee: Payee): Buffer => {
  const index = PAYEES.indexOf(payee);
  return index === -1 ? FOREIGN_SCRIPT : Buffer.from(`0014${String(index + 1).padStart(40, '0')}`, 'hex');
};

export interface WorldOptions {
  readonly confirmations?: number;
  readonly maxConfirmationCount?: number;
  /** Shared with another world, to show two ledgers the same history. */
  readonly chain?: SimulatedChain;
  /** The ledger begins at this block of an otherwise empty chain; at genesis unless said. */
  readonly startHeight?: number;
}

/** A simulated chain, a ledger with alice, bob and carol, and the ideal fetch between them. */
export class LedgerWorld {
  readonly ledger: TestLedger;
  readonly chain: SimulatedChain;
  readonly store: ChainStore & JobStore;
  readonly policy: TrackPolicy;
  readonly labels = new Map<Txid, string>();
  now = 1_700_000_000_000;
  lastFacts: ChainFacts | undefined;
  #told = 0;

  constructor(options: WorldOptions = {}) {
    this.chain = options.chain ?? new SimulatedChain(btc.networks.regtest!.genesis as BlockHash);
    this.chain.mineMany(options.startHeight ?? 0);
    this.ledger = createTestLedger({start: this.chain.blocksNow[options.startHeight ?? 0]!});
    this.store = createChainStore(this.ledger.connection, this.ledger.writer, btc);
    this.policy = {
      confirmations: options.confirmations ?? 3,
      maxConfirmationCount: options.maxConfirmationCount ?? 6,
      coinbaseMaturity: 101,
    };
    for (const payee of PAYEES) {
      const account = payee === 'change' ? null : this.ledger.addAccount(payee);
      this.ledger.addAddress(`address-of-${payee}`, scriptOfPayee(payee), account);
    }
  }

  /** A transaction with a label that stands for it in `story`; spends a foreign coin unless told what. */
  transaction(label: string, payments: readonly Payment[], inputs: readonly Outpoint[] = []): SimulatedTransaction {
    const transaction = this.chain.transaction(inputs, outputsFor(payments));
    this.labels.set(transaction.txid, label);
    return transaction;
  }

  coinbase(label: string, payments: readonly Payment[]): SimulatedTransaction {
    const transaction = this.chain.coinbase(outputsFor(payments));
    this.labels.set(transaction.txid, label);
    return transaction;
  }

  /** Puts a transaction into the mempool. */
  pay(label: string, payments: readonly Payment[], inputs: readonly Outpoint[] = []): SimulatedTransaction {
    const transaction = this.transaction(label, payments, inputs);
    this.chain.broadcast(transaction);
    return transaction;
  }

  rungs(): Map<number, BlockHash> {
    const rows = this.ledger.rows<{height: bigint; hash: BlockHash}>('SELECT height, hash FROM block');
    return new Map(rows.map(({height, hash}) => [Number(height), hash]));
  }

  /** Everything that happened since, in steps of at most `limit` blocks. Returns the last step's result. */
  async look(limit?: number): Promise<TrackResult> {
    for (;;) {
      const facts = this.chain.idealFacts(this.rungs(), await this.store.unanchoredTransactions(), limit);
      this.lastFacts = facts;
      this.now += 1000;
      const result = await this.store.track(facts, this.policy, this.now);
      const top = await this.store.ladderTop();
      if (result.refusedDeepFork || top?.hash === this.chain.tipNow.hash) return result;
    }
  }

  async again(): Promise<TrackResult> {
    return this.store.track(this.lastFacts!, this.policy, (this.now += 1000));
  }

  /** Events since the last time, in short: `detected a:0 alice 0`, `dropped a:0 (replaced by b)`. */
  story(): string[] {
    const events = this.ledger.events().slice(this.#told);
    this.#told += events.length;
    return events.map(({type, data}) => this.#short(type, data));
  }

  #short(type: string, data: Record<string, unknown>): string {
    if (!type.startsWith('deposit.')) return `${type} ${String(data['name'] ?? data['drift'])}`;
    const deposit = data as unknown as Deposit;
    const by = deposit.replaced_by && ` by ${this.labels.get(deposit.replaced_by as Txid) ?? 'a stranger'}`;
    const tail = deposit.status === 'dropped' ? `(${deposit.reason}${by ?? ''})` : String(deposit.confirmations);
    return `${type.slice('deposit.'.length)} ${this.labels.get(deposit.txid as Txid)}:${deposit.vout} ${tail}`;
  }

  /** `a:0 alice 5 credited` for every deposit, oldest first. */
  async deposits(): Promise<string[]> {
    const {items} = await this.store.deposits({limit: 1000});
    return items
      .reverse()
      .map(({txid, vout, account, amount, status}) =>
        [`${this.labels.get(txid as Txid)}:${vout}`, account, BigInt(amount.replace('.', '')), status].join(' '),
      );
  }

  balance(name: string): bigint {
    return this.ledger.balance(name);
  }

  /** Everything in the ledger but the outbox, as comparable text. */
  dump(tables = ['block', 'network_transaction', 'unconfirmed_input', 'output', 'deposit', 'account']): string[] {
    return tables.flatMap(table =>
      this.ledger
        .rows<Record<string, unknown>>(`SELECT * FROM ${table}`)
        .map(
          row =>
            `${table} ${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
        )
        .sort(),
    );
  }

  async faults(): Promise<string[]> {
    return (await this.store.auditBooks()).faults;
  }

  close(): void {
    this.ledger.close();
  }
}

const outputsFor = (payments: readonly Payment[]) =>
  payments.map(([payee, amount]) => ({script: scriptOfPayee(payee), amount}));
