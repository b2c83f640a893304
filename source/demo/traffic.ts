import type {Account} from '../contract/index.ts';
import type {Application} from '../engine/application.ts';
import {formatAmount, parseAmount} from '../primitives/amount.ts';
import type {Narrator} from './narrator.ts';
import type {RegtestNode} from './regtest-node.ts';
import type {Act} from './schedule.ts';

/** Wallet of everybody who is not the shop: customers, their payees and the miner. */
export const OUTSIDE = 'outside';
const CUSTOMERS = ['alice', 'bob', 'carol', 'dave'];
const SMALLEST_PAYOUT = 50_000n;

const short = (txid: string): string => `${txid.slice(0, 8)}…`;

export interface TrafficParts {
  readonly node: RegtestNode;
  readonly application: Application;
  readonly narrator: Narrator;
  /** 0 <= random() < 1 */
  readonly random: () => number;
}

/** Customers, their payees and a miner: everything around the shop that makes its engine work. */
export class Traffic {
  readonly #parts: TrafficParts;
  readonly #addresses = new Map<string, string>();
  #offered: {txid: string; customer: string} | undefined;
  #payouts = 0;
  #replacements = 0;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  /** Accounts and their receive addresses, and some coins of the house to pay fees with. */
  async open(): Promise<void> {
    const {application, narrator} = this.#parts;
    for (const name of CUSTOMERS) {
      await application.createAccount(this.#coin, name);
      this.#addresses.set(name, (await application.createAddress(this.#coin, name)).address);
    }
    narrator.say('app', `asked the engine for ${this.#unit} accounts and addresses of ${CUSTOMERS.join(', ')}`);
    const house = await application.createAddress(this.#coin, 'network_fee', 'house float');
    await this.#send(house.address, parseAmount('0.1'), 3);
    for (const name of CUSTOMERS.slice(0, 3)) await this.#deposit(name);
  }

  get #coin(): string {
    return this.#parts.node.kind.coin;
  }

  get #unit(): string {
    return this.#parts.node.kind.unit;
  }

  async perform(act: Act): Promise<void> {
    if (act === 'deposit') await this.#deposit(this.#anyCustomer());
    else if (act === 'block') await this.#block();
    else if (act === 'payout') await this.#payout();
    else if (act === 'offer') await this.#offer();
    else if (act === 'replace') await this.#replace();
    else await this.#reorg();
  }

  #anyCustomer(): string {
    return CUSTOMERS[Math.floor(this.#parts.random() * CUSTOMERS.length)] ?? 'alice';
  }

  /** Satoshis between two amounts in coins. */
  #between(least: string, most: string): bigint {
    const from = parseAmount(least);
    return from + ((parseAmount(most) - from) * BigInt(Math.floor(this.#parts.random() * 1_000_000))) / 1_000_000n;
  }

  async #send(address: string, amount: bigint, feerate: number): Promise<string> {
    const {node} = this.#parts;
    const params = [address, formatAmount(amount), '', '', false, true, null, 'unset', null, feerate];
    return node.rpc<string>('sendtoaddress', params, OUTSIDE);
  }

  async #deposit(customer: string): Promise<void> {
    const amount = this.#between('0.01', '0.6');
    const txid = await this.#send(this.#addresses.get(customer)!, amount, 2 + Math.floor(this.#parts.random() * 20));
    this.#parts.narrator.say(
      'customer',
      `${customer} pays in ${formatAmount(amount)} ${this.#unit} with ${short(txid)}`,
      {txid},
    );
  }

  async #mine(blocks: number): Promise<void> {
    const {node, narrator} = this.#parts;
    const address = await node.rpc<string>('getnewaddress', [], OUTSIDE);
    await node.rpc('generatetoaddress', [blocks, address]);
    await this.#keepOnDisk();
    const height = await node.rpc<number>('getblockcount');
    narrator.say('node', `${this.#unit} block ${height}`, {height});
  }

  /** A killed regtest node can lose every block it has not flushed; gettxoutsetinfo flushes them as a side effect. */
  async #keepOnDisk(): Promise<void> {
    await this.#parts.node.rpc('gettxoutsetinfo', ['none']);
  }

  async #block(): Promise<void> {
    await this.#mine(1);
  }

  async #payout(): Promise<void> {
    const {application, narrator, node} = this.#parts;
    const {items} = await application.accounts(this.#coin, {limit: 100});
    const rich = items.filter(
      (account: Account) => CUSTOMERS.includes(account.name) && parseAmount(account.balance) > 2n * SMALLEST_PAYOUT,
    );
    const account = rich[Math.floor(this.#parts.random() * rich.length)];
    if (account === undefined) return;
    const percent = BigInt(10 + Math.floor(this.#parts.random() * 50));
    const share = (parseAmount(account.balance) * percent) / 100n;
    const amount = formatAmount(share > SMALLEST_PAYOUT ? share : SMALLEST_PAYOUT);
    this.#payouts += 1;
    // Now and then to another customer of the shop: money that never leaves the hot wallet is a deposit as well.
    const inside = this.#payouts % 5 === 0 ? CUSTOMERS.find(name => name !== account.name) : undefined;
    const address =
      inside === undefined ? await node.rpc<string>('getnewaddress', [], OUTSIDE) : this.#addresses.get(inside)!;
    const {value} = await application.createPayout(this.#coin, `demo-${this.#payouts}`, {
      account: account.name,
      address,
      amount,
    });
    const whom = inside === undefined ? `${address.slice(0, 12)}…` : `${inside}'s address`;
    narrator.say('app', `asks to pay out ${amount} ${this.#unit} of ${account.name} to ${whom}`, {payout: value.id});
  }

  /** A payment at the lowest feerate, so that it can be replaced before the next block. */
  async #offer(): Promise<void> {
    const customer = this.#anyCustomer();
    const amount = this.#between('0.01', '0.3');
    const txid = await this.#send(this.#addresses.get(customer)!, amount, 1);
    this.#offered = {txid, customer};
    this.#parts.narrator.say(
      'customer',
      `${customer} pays in ${formatAmount(amount)} ${this.#unit} with ${short(txid)}`,
      {txid},
    );
  }

  /** By turns with more fee to the same address, and to an address of somebody else: the payment is taken back. */
  async #replace(): Promise<void> {
    const offered = this.#offered;
    this.#offered = undefined;
    if (offered === undefined) return;
    const {node, narrator} = this.#parts;
    this.#replacements += 1;
    const takenBack = node.kind.bumpsElsewhere && this.#replacements % 2 === 0;
    const elsewhere = async () => [{[await node.rpc<string>('getnewaddress', [], OUTSIDE)]: '0.005'}];
    const options = {fee_rate: 25, ...(takenBack ? {outputs: await elsewhere()} : {})};
    const {txid} = await node.rpc<{txid: string}>('bumpfee', [offered.txid, options], OUTSIDE);
    const what = takenBack ? 'takes the payment back: replaces' : 'pays more fee: replaces';
    narrator.say('customer', `${offered.customer} ${what} ${short(offered.txid)} by ${short(txid)}`, {txid});
  }

  /** The newest block is replaced by two empty ones: its transactions wait for the next block. */
  async #reorg(): Promise<void> {
    const {node, narrator} = this.#parts;
    await node.rpc('invalidateblock', [await node.rpc<string>('getbestblockhash')]);
    for (let mined = 0; mined < 2; mined += 1) {
      const address = await node.rpc<string>('getnewaddress', [], OUTSIDE);
      await node.rpc('generateblock', [address, []]);
    }
    await this.#keepOnDisk();
    const height = await node.rpc<number>('getblockcount');
    narrator.say('node', `${this.#unit} reorg: the newest block was replaced, now block ${height}`, {height});
  }
}
