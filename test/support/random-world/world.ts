import {addressOf} from '../../../source/coins/index.ts';
import type {Payout} from '../../../source/contract/index.ts';
import type {Sink} from '../../../source/outbox/ports.ts';
import {satoshi} from '../../../source/primitives/amount.ts';
import type {Clock} from '../../../source/primitives/clock.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import type {Txid} from '../../../source/primitives/ids.ts';
import {createTestLedger, type TestLedger} from '../ledger.ts';
import {REGTEST} from '../payout-ledger.ts';
import type {SimulatedOutput, SimulatedTransaction} from '../simulated-chain.ts';
import {LOOPS, WorldEngine, type LoopName} from './engine.ts';
import {parseRaw, WorldNode} from './node.ts';

export const USERS = ['alice', 'bob'] as const;
const OWNERS = ['alice', 'bob', 'network_fee'] as const;
const COIN = 100_000_000n;
const LIMITS = {perPayout: satoshi(COIN), perDay: undefined};

interface Request {
  readonly key: string;
  readonly account: string;
  readonly address: string;
  readonly scriptPubKey: Buffer;
  readonly amount: ReturnType<typeof satoshi>;
  readonly label: undefined;
}

/** A node, a ledger and an engine that dies and is started again, on a clock that only the world moves. */
export class RandomWorld {
  readonly node = new WorldNode();
  readonly ledger: TestLedger = createTestLedger();
  /** Scripts of receive addresses, by hex: whose they are. */
  readonly owners = new Map<string, string>();
  /** What the application asked for and was promised. */
  readonly requests: Request[] = [];
  /** Payments that the engine gave to the node, by txid. */
  readonly sent = new Map<Txid, SimulatedTransaction>();
  /** Sequences in the order in which the endpoint took them, by the lives of the engine. */
  readonly taken: number[][] = [];
  engine!: WorldEngine;
  hintsHealthy = false;
  endpointIsDown = false;
  wall = 1_700_000_000_000;
  monotonic = 0;
  #amount = 0n;
  readonly #receiving: Buffer[] = [];

  static async start(): Promise<RandomWorld> {
    const world = new RandomWorld();
    for (const name of USERS) world.ledger.addAccount(name);
    for (const owner of OWNERS) for (let n = 0; n < 2; n += 1) world.#addAddress(owner);
    await world.restart();
    for (let n = 0; n < 6; n += 1) world.node.enter(world.node.make([], [world.coinFor(n, 2n)]));
    world.node.mine(world.node.minable(3));
    world.node.mine([]);
    await world.run(['track', 'books']);
    return world;
  }

  #addAddress(owner: string): void {
    const script = this.node.newScript();
    const id = this.ledger.rows<{id: bigint}>('SELECT id FROM account WHERE name = ?', owner)[0]!.id;
    this.ledger.addAddress(addressOf(script, REGTEST)!, script, Number(id));
    this.owners.set(script.toString('hex'), owner);
    this.#receiving.push(script);
  }

  /** Distinct amounts make a doubled or lost one show. */
  amount(coins: bigint): bigint {
    this.#amount += 7n;
    return (coins * COIN) / 8n + this.#amount;
  }

  coinFor(index: number, coins: bigint): SimulatedOutput {
    return {script: this.#receiving[index % this.#receiving.length]!, amount: this.amount(coins * 8n)};
  }

  async restart(): Promise<void> {
    await this.engine?.bury();
    this.taken.push([]);
    const clock: Clock = {now: () => this.wall + this.monotonic, monotonic: () => this.monotonic};
    const {node} = this;
    this.engine = await WorldEngine.start({
      file: this.ledger.file,
      identity: this.ledger.identity,
      node,
      clock,
      sink: this.#sink(),
      hintsHealthy: () => this.hintsHealthy,
      onSend: (raw, txid) => this.#onSend(raw, txid),
    });
  }

  #sink(): Sink {
    return {
      name: 'shop',
      type: 'test',
      longest: 1000,
      probe: async () => 'there',
      close: async () => undefined,
      deliver: async event => {
        this.engine.breaker.pass();
        if (this.endpointIsDown) return {kind: 'failed', words: 'HTTP 500'};
        this.taken.at(-1)!.push(event.sequence);
        this.engine.breaker.pass();
        return {kind: 'delivered', status: 200};
      },
    };
  }

  /** Bytes are durable before the first send, and every retry sends the same. */
  #onSend(raw: Buffer, txid: Txid): void {
    const [row] = this.ledger.rows<{raw: Buffer | null; status: string}>(
      'SELECT raw, status FROM broadcast WHERE txid = ?',
      txid,
    );
    if (!row) {
      if (this.node.made.get(txid)?.raw.equals(raw)) return;
      throw new Error(`bytes of ${txid} were sent that the ledger does not hold`);
    }
    if (row.raw?.equals(raw) !== true) throw new Error(`other bytes of ${txid} were sent than were stored`);
    if (row.status === 'abandoned') throw new Error(`${txid} was sent although it was given up`);
    this.sent.set(txid, parseRaw(raw));
  }

  /** Rounds of these loops, one after the other; an engine that dies is started again. */
  async run(loops: readonly LoopName[], wait = 1000): Promise<void> {
    for (const name of loops) {
      if ((await this.engine.round(name)) === 'killed') await this.restart();
      this.monotonic += wait;
    }
  }

  async lift(txid: string): Promise<void> {
    if ((await this.engine.lift(txid)) === 'killed') await this.restart();
  }

  async ask<Value>(request: (engine: WorldEngine) => Promise<Value>): Promise<Value | undefined> {
    try {
      const answer = await this.engine.ask(() => request(this.engine));
      if (answer !== 'killed') return answer;
      await this.restart();
    } catch (error) {
      // A refusal, which is an answer too.
      if (!(error instanceof EngineError)) throw error;
    }
    return undefined;
  }

  /** Asks until it is answered, as an application does that was not told what became of its request. */
  async pay(account: string, eighths: bigint, to: 'outside' | 'own' | 'again'): Promise<void> {
    const own = this.#receiving[this.requests.length % this.#receiving.length]!;
    const stranger = this.node.strangersScript();
    const before = this.requests.at(-1);
    const target =
      to === 'own'
        ? {address: addressOf(own, REGTEST)!, scriptPubKey: own}
        : to === 'again' && before
          ? {address: before.address, scriptPubKey: before.scriptPubKey}
          : {address: addressOf(stranger, REGTEST)!, scriptPubKey: stranger};
    const key = `key-${this.requests.length}`;
    const request = {key, account, ...target, amount: satoshi(this.amount(eighths)), label: undefined};
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = await this.ask(engine => engine.store.acceptPayout(request, LIMITS, this.wall + this.monotonic));
      if (!answer) continue;
      this.requests.push(request);
      return;
    }
  }

  async payouts(): Promise<Payout[]> {
    const page = await this.ask(engine => engine.store.payouts({limit: 1000}));
    return page?.items ?? [];
  }

  mend(): void {
    this.engine.breaker.heal();
    Object.assign(this.node, {isDown: false, isLocked: false, isFull: false, estimate: undefined});
    this.node.chain.mempoolLoaded = true;
    this.endpointIsDown = false;
  }

  /** Nothing is broken any more, the node has what it lost, and somebody lets its chain through. */
  async heal(): Promise<void> {
    this.mend();
    this.node.regain();
    await this.run(LOOPS);
    if (this.ledger.rows("SELECT 1 FROM meta WHERE key = 'deep_fork'").length > 0)
      await this.ask(engine => engine.store.acceptReorg(this.wall + this.monotonic));
  }

  async dispose(): Promise<void> {
    await this.engine.bury();
    this.ledger.close();
  }
}
