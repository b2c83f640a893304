import type {Coin} from '../../coins/index.ts';
import type {BitcoindConfig} from '../../config/config.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, hasCode, messageOf} from '../../primitives/errors.ts';
import {noMeter, type Meter} from '../../primitives/meter.ts';
import {Credentials} from './credentials.ts';
import {connectionFault, httpFault} from './fault-table.ts';
import {Faults, type Refusal} from './faults.ts';
import {AnswerTooLong, type HttpAnswer, HttpLane, type Receiver} from './http-lane.ts';
import {ItemScanner} from './item-scanner.ts';
import {parseJson, parseReplies, type Reply} from './json-rpc.ts';
import {Latencies} from './latencies.ts';
import {Place} from './place.ts';

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>>;
}

/** One answer of a batch: a result, or what the node refused. */
export type RpcOutcome = {readonly result: unknown} | {readonly refusal: Refusal};

export interface CallOptions {
  /** Ask the wallet's endpoint, which serves every method. */
  readonly wallet?: boolean;
  /** `bulk`: raw blocks. It has connections of its own, so that a long download never delays a send. */
  readonly lane?: 'control' | 'bulk';
  /** Bytes of answer; 16 MB unless said. */
  readonly cap?: number;
  /** Numbers with a fraction come as the text the node wrote, so that no amount goes through a float. */
  readonly decimals?: boolean;
  /** ms, instead of the configured ones: for the few calls that take a node long. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_CAP = 16_000_000;
// Together below bitcoind's work queue of 16, with room for the user's own tools.
const CONTROL_CONNECTIONS = 6;
const BULK_CONNECTIONS = 2;

/**
 * JSON-RPC with one deadline for the whole call, its wait for a connection included, a cap on the answer, and every
 * failure mapped to an EngineError: `backend_down`, `backend_timeout` (outcome unknown), `backend_auth`,
 * `backend_overloaded`, `bad_backend_answer`, or a Refusal.
 */
export class RpcClient {
  readonly place: Place;
  readonly faults: Faults;
  /** Of the control lane: a block batch says little about how the node is. */
  readonly latencies = new Latencies();
  readonly #lanes: Readonly<Record<'control' | 'bulk', HttpLane>>;
  readonly #credentials: Credentials;
  readonly #timeout: number;
  readonly #clock: Clock;
  readonly #meter: Meter;
  #lastId = 0;
  #connection = 1;
  #connectedAt: number;

  constructor(config: BitcoindConfig, coin: Pick<Coin, 'name' | 'daemon'>, clock: Clock, meter = noMeter) {
    const url = new URL(config.url);
    this.place = new Place(config, coin);
    this.faults = new Faults(this.place);
    this.#lanes = {control: new HttpLane(url, CONTROL_CONNECTIONS), bulk: new HttpLane(url, BULK_CONNECTIONS)};
    this.#credentials = new Credentials(config.auth);
    this.#timeout = config.timeout;
    this.#clock = clock;
    this.#meter = meter;
    this.#connectedAt = clock.monotonic();
  }

  /** Another number after each loss of the connection: what was learned of the node may be of another one. */
  get connection(): number {
    return this.#connection;
  }

  /** ms since the connection was last lost. */
  get steadyFor(): number {
    return this.#clock.monotonic() - this.#connectedAt;
  }

  /** The result. A JSON-RPC error throws a Refusal. */
  async call(method: string, params: RpcCall['params'] = [], options: CallOptions = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = await this.#post(method, JSON.stringify({id, method, params}), options);
    const [reply] = this.#parse(method, answer, [id], options);
    if (reply?.error) throw this.faults.refusal(method, reply.error.code, reply.error.message);
    return reply?.result;
  }

  /** Many calls in one request; outcomes in the order of the calls. Only failures of the whole request throw. */
  async batch(calls: readonly RpcCall[], options: CallOptions = {}): Promise<RpcOutcome[]> {
    if (calls.length === 0) return [];
    const {method, ids, body} = this.#batchOf(calls);
    const answer = await this.#post(method, body, options);
    return this.#parse(method, answer, ids, options).map(({result, error}, index) =>
      error ? {refusal: this.faults.refusal(calls[index]!.method, error.code, error.message)} : {result},
    );
  }

  /** The same, with the bytes of the answer for somebody else to read: replies to `ids`, if they are what they should be. */
  async rawBatch(
    calls: readonly RpcCall[],
    options: CallOptions = {},
  ): Promise<{body: Buffer; ids: readonly number[]}> {
    const {method, ids, body} = this.#batchOf(calls);
    const answer = await this.#post(method, body, options);
    // Read here only for what is wrong with it.
    if (answer.status !== 200 || !isJson(answer)) this.#parse(method, answer, ids, options);
    return {body: answer.body, ids};
  }

  /**
   * The list that a call answers with, each object of it read as it arrives: for lists too long to be held as text.
   * Numbers with a fraction come as the text the node wrote.
   */
  async items<Item>(
    method: string,
    params: RpcCall['params'],
    read: (item: unknown) => Item,
    options: CallOptions = {},
  ): Promise<Item[]> {
    const id = ++this.#lastId;
    let found: Item[] = [];
    const receive = (): Receiver => {
      // A repeated request begins again.
      found = [];
      const scanner = new ItemScanner(text => found.push(read(parseJson(text, true))));
      return {push: chunk => this.#orBadAnswer(method, () => scanner.push(chunk)), rest: () => scanner.rest()};
    };
    const answer = await this.#post(method, JSON.stringify({id, method, params}), options, receive);
    const [reply] = this.#parse(method, answer, [id], options);
    if (reply?.error) throw this.faults.refusal(method, reply.error.code, reply.error.message);
    if (!Array.isArray(reply?.result)) throw this.faults.badAnswer(method, 'something else than a list');
    return found;
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes.control.close(), this.#lanes.bulk.close()]);
  }

  #batchOf(calls: readonly RpcCall[]): {method: string; ids: number[]; body: string} {
    const ids = calls.map(() => ++this.#lastId);
    const body = JSON.stringify(calls.map(({method, params}, index) => ({id: ids[index], method, params})));
    return {method: calls[0]!.method, ids, body};
  }

  #parse(method: string, answer: HttpAnswer, ids: readonly number[], options: CallOptions): Reply[] {
    try {
      return parseReplies(answer.body, ids, options.decimals ?? false);
    } catch (error) {
      // Not JSON-RPC: what it is stands in the HTTP status. With a good status, the bytes themselves are at fault.
      if (answer.status !== 200 || !isJson(answer)) throw this.#httpError(method, answer);
      throw this.faults.badAnswer(method, messageOf(error), error);
    }
  }

  #orBadAnswer<Value>(method: string, act: () => Value): Value {
    try {
      return act();
    } catch (error) {
      throw error instanceof EngineError ? error : this.faults.badAnswer(method, messageOf(error), error);
    }
  }

  #httpError(method: string, answer: HttpAnswer): EngineError {
    const fault = httpFault(answer.status, answer.body.toString('latin1', 0, 1000));
    if (fault === 'unauthorized' && this.#credentials.unreadable !== undefined)
      return this.faults.cookie(this.#credentials.unreadable);
    return this.faults.http(fault, answer.status, answer.contentType, method);
  }

  async #post(method: string, body: string, options: CallOptions, receive?: () => Receiver): Promise<HttpAnswer> {
    const deadline = new AbortController();
    const timeout = Math.max(this.#timeout, options.timeout ?? 0);
    const timer = setTimeout(() => deadline.abort(this.faults.timeout(method, timeout)), timeout);
    const signal = options.signal ? AbortSignal.any([deadline.signal, options.signal]) : deadline.signal;
    const begun = this.#clock.monotonic();
    let outcome = 'ok';
    try {
      const {answer, authorization} = await this.#exchange(body, options, signal, receive);
      // The cookie changes at every start of the node: read it again, once.
      if (answer.status === 401 && this.#credentials.refresh(authorization))
        return (await this.#exchange(body, options, signal, receive)).answer;
      return answer;
    } catch (error) {
      const fault = this.#mapped(method, error, signal);
      outcome = fault instanceof EngineError ? fault.code : 'internal';
      throw fault;
    } finally {
      clearTimeout(timer);
      this.#meter.nodeCalled(this.place.coin, method, (this.#clock.monotonic() - begun) / 1000, outcome);
    }
  }

  async #exchange(
    body: string,
    options: CallOptions,
    signal: AbortSignal,
    receive: (() => Receiver) | undefined,
  ): Promise<{answer: HttpAnswer; authorization: string | undefined}> {
    const lane = options.lane ?? 'control';
    const request = {
      path: options.wallet === true ? `/wallet/${encodeURIComponent(this.place.wallet ?? '')}` : '/',
      body,
      cap: options.cap ?? DEFAULT_CAP,
      signal,
      receive,
    };
    const begun = this.#clock.monotonic();
    let authorization: string | undefined;
    const attempt = () => {
      authorization = this.#credentials.header();
      return this.#lanes[lane].post({...request, authorization});
    };
    const answer = await attempt().catch((error: unknown) => {
      // An idle connection that the node closed at this very moment. Every call we make can be repeated.
      if (signal.aborted || connectionFault(codeOf(error)) !== 'lost') throw error;
      return attempt();
    });
    if (lane === 'control') this.latencies.add(this.#clock.monotonic() - begun);
    return {answer, authorization};
  }

  #mapped(method: string, error: unknown, signal: AbortSignal): Error {
    if (error instanceof EngineError) return error;
    if (signal.aborted && signal.reason instanceof EngineError) return signal.reason;
    if (signal.aborted) return new EngineError('aborted', `${method} was called off`, {retry: 'backoff', cause: error});
    if (error instanceof AnswerTooLong) return this.faults.badAnswer(method, messageOf(error), error);
    const code = codeOf(error);
    const fault = connectionFault(code);
    if (fault === undefined) return error instanceof Error ? error : new Error(String(error));
    this.#credentials.forget();
    this.#connection += 1;
    this.#connectedAt = this.#clock.monotonic();
    return this.faults.connection(fault, code, error);
  }
}

const isJson = ({contentType}: HttpAnswer): boolean => contentType?.startsWith('application/json') === true;

/** The code of a system or library error. undici's parser errors may have only a name. */
const codeOf = (error: unknown): string => {
  const {code, name} = error as {code?: unknown; name?: unknown};
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : '';
};

/** Whether an answer was too long, and a smaller question would help. */
export const wasTooLong = (error: unknown): boolean =>
  hasCode(error, 'bad_backend_answer') && error.cause instanceof AnswerTooLong;
