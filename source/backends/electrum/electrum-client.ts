import {setTimeout as sleep} from 'node:timers/promises';
import type {ElectrumConfig} from '../../config/config.ts';
import type {Coin} from '../../coins/index.ts';
import {cleanText} from '../../primitives/clean-text.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, hasCode} from '../../primitives/errors.ts';
import {noMeter, type Meter} from '../../primitives/meter.ts';
import {Latencies} from '../bitcoind/latencies.ts';
import {readAs, version} from './answers.ts';
import {openConnection} from './connection.ts';
import {CLOSED_BY_US, Faults, type Refusal} from './faults.ts';
import {ServerPlace} from './place.ts';
import {type Answer, Requests} from './requests.ts';

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** One answer of many: a result, or what the server refused. */
export type Outcome = {readonly result: unknown} | {readonly refusal: Refusal};

export interface CallOptions {
  /** `bulk`: of thousands. It leaves room for others, and its deadline runs from when it is sent. */
  readonly lane?: 'control' | 'bulk';
  /** Calls in one message at most; fewer where answers may be large. What the config says, unless said. */
  readonly together?: number;
}

export interface ClientEvents {
  /** A connection stands. Subscriptions of the one before are gone. */
  onReady(): void;
  onLost(error: EngineError): void;
  onNotification(method: string, params: unknown): void;
}

const CLIENT_NAME = 'cryptoassets-console';
/** `scripthash` methods and proofs of headers need 1.4; nothing here needs more. */
const PROTOCOL = ['1.4', '1.4.3'];
/** ms between calls on a connection on which nothing else is asked, below the 10 minutes of idle servers allow. */
const PING_EVERY = 50_000;
const BACKOFF = {first: 250, longest: 15_000};
/** ms that a connection must have stood for the pauses to begin anew: a server that hangs up at once wants us less often. */
const STEADY = 30_000;

/**
 * JSON-RPC over one connection that is made when it is needed and made again when it is lost. One deadline for each call,
 * a cap on each message, a bound on what is asked at once, and every failure mapped to an EngineError: `backend_down`,
 * `backend_timeout` (outcome unknown), `backend_overloaded`, `backend_warming_up`, `bad_backend_answer`, or a Refusal.
 */
export class ElectrumClient {
  readonly place: ServerPlace;
  readonly faults: Faults;
  readonly latencies = new Latencies();
  readonly timeout: number;
  /** What the server calls itself; undefined before the first connection. */
  software: string | undefined;
  readonly #config: ElectrumConfig;
  readonly #clock: Clock;
  readonly #meter: Meter;
  #events: ClientEvents | undefined;
  #requests: Requests | undefined;
  #connecting: Promise<Requests> | undefined;
  #lost: EngineError | undefined;
  #failures = 0;
  #connectedAt = 0;
  #retryAt = 0;
  readonly #closed = new AbortController();
  #pinging: NodeJS.Timeout | undefined;

  constructor(config: ElectrumConfig, coin: Pick<Coin, 'name'>, clock: Clock, meter: Meter = noMeter) {
    this.#config = config;
    this.#clock = clock;
    this.#meter = meter;
    this.place = new ServerPlace(config, coin);
    this.faults = new Faults(this.place);
    this.timeout = config.timeout;
  }

  /** Told of what happens on every connection; set once, before the first call. */
  set events(events: ClientEvents) {
    this.#events = events;
  }

  get isConnected(): boolean {
    return this.#requests !== undefined;
  }

  /** The result. A refusal is thrown. */
  async call(method: string, params: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    const [outcome] = await this.batch([{method, params}], options);
    if ('refusal' in outcome!) throw outcome.refusal;
    return outcome!.result;
  }

  /** All of them, in the order asked, in as few messages as the limits allow. */
  async batch(calls: readonly Call[], {lane = 'control', together}: CallOptions = {}): Promise<Outcome[]> {
    if (calls.length === 0) return [];
    const requests = await this.#connected();
    const size = Math.min(this.#config.limits.batch, together ?? Number.POSITIVE_INFINITY);
    const begun = this.#clock.monotonic();
    try {
      const answers = await requests.ask(calls, lane, size);
      if (lane === 'control') this.latencies.add(this.#clock.monotonic() - begun);
      this.#count(calls, begun, 'ok');
      return answers.map((answer, index) => this.#outcome(calls[index]!.method, answer));
    } catch (error) {
      this.#count(calls, begun, error instanceof EngineError ? error.code : 'internal');
      // Silence may be that of one call only, or of a server that is gone: a ping tells.
      if (hasCode(error, 'backend_timeout')) this.#probe(requests);
      throw error;
    }
  }

  /** Once a method in a batch: a batch counts as one. */
  #count(calls: readonly Call[], begun: number, outcome: string): void {
    const seconds = (this.#clock.monotonic() - begun) / 1000;
    for (const method of new Set(calls.map(call => call.method)))
      this.#meter.nodeCalled(this.place.coin, method, seconds, outcome);
  }

  #outcome(method: string, answer: Answer): Outcome {
    if (!('error' in answer)) return answer;
    const {code, message} = answer.error;
    return {refusal: this.faults.refusal(method, code, message)};
  }

  /** Connects now and whenever the connection is lost, until the signal aborts. */
  async keepConnected(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#closed.signal.aborted) {
      try {
        await (
          await this.#connected()
        ).ended;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
      }
      const pause = Math.max(10, this.#retryAt - this.#clock.monotonic());
      await sleep(pause, undefined, {signal, ref: false}).catch(() => undefined);
    }
  }

  /** Ends the connection, and one that is being made. */
  close(): void {
    this.#closed.abort();
  }

  async #connected(): Promise<Requests> {
    if (this.#requests) return this.#requests;
    if (this.#closed.signal.aborted) throw this.faults.connection('lost', CLOSED_BY_US);
    if (!this.#connecting && this.#lost && this.#clock.monotonic() < this.#retryAt) throw this.#lost;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<Requests> {
    let requests: Requests;
    try {
      requests = await this.#open();
      await this.#handshake(requests);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#requests = requests;
    this.#connectedAt = this.#clock.monotonic();
    this.#keepAlive(requests);
    this.#events?.onReady();
    return requests;
  }

  #failed(error: unknown): unknown {
    if (!(error instanceof EngineError)) return error;
    const pause = Math.min(BACKOFF.longest, BACKOFF.first * 2 ** this.#failures);
    this.#failures += 1;
    // Servers that many lost at once must not be asked by all of them at once.
    this.#retryAt = this.#clock.monotonic() + pause * (0.75 + Math.random() / 2);
    this.#lost = error;
    return error;
  }

  async #open(): Promise<Requests> {
    const lines = {take: (_line: string): void => undefined};
    let requests: Requests | undefined;
    let ended: EngineError | undefined;
    const events = {
      onLine: (line: string) => lines.take(line),
      onEnd: (error: EngineError) => {
        ended = error;
        if (requests) this.#onEnd(requests, error);
      },
    };
    const {signal} = this.#closed;
    const connection = await openConnection(this.#config, this.place, this.faults, events, signal);
    requests = new Requests(connection, this.#config, this.faults, (method, params) =>
      this.#events?.onNotification(method, params),
    );
    lines.take = line => requests.receive(line);
    if (ended) this.#onEnd(requests, ended);
    return requests;
  }

  #onEnd(requests: Requests, error: EngineError): void {
    requests.fail(error);
    if (this.#requests !== requests) return;
    this.#requests = undefined;
    clearInterval(this.#pinging);
    if (this.#clock.monotonic() - this.#connectedAt >= STEADY) this.#failures = 0;
    this.#failed(error);
    this.#events?.onLost(error);
  }

  async #handshake(requests: Requests): Promise<void> {
    try {
      const [answer] = await requests.ask([{method: 'server.version', params: [CLIENT_NAME, PROTOCOL]}], 'control', 1);
      const outcome = this.#outcome('server.version', answer!);
      if ('refusal' in outcome) throw outcome.refusal;
      const [software, protocol] = readAs(version, outcome.result, 'server.version', this.faults);
      if (!/^1\.4(?:\.|$)/.test(protocol))
        throw this.faults.badAnswer('server.version', `protocol ${cleanText(protocol, 20)}, and 1.4 is needed`);
      this.software = cleanText(software, 60);
    } catch (error) {
      requests.end(error instanceof EngineError ? error : this.faults.connection('lost', 'no handshake'));
      throw error;
    }
  }

  #keepAlive(requests: Requests): void {
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => {
      if (requests.idleFor >= PING_EVERY) this.#probe(requests);
    }, PING_EVERY / 2);
    this.#pinging.unref();
  }

  /** A connection on which even a ping is not answered, nor anything else, is given up. */
  #probe(requests: Requests): void {
    if (requests.isProbed) return;
    requests.isProbed = true;
    void (async () => {
      try {
        await requests.ask([{method: 'server.ping', params: []}], 'control', 1);
      } catch (error) {
        // One that answers late, but answers, is slow: a new connection would only cost it more.
        if (requests.idleFor >= this.timeout) requests.end(error as EngineError);
      } finally {
        requests.isProbed = false;
      }
    })();
  }
}
