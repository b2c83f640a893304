import type {z} from 'zod';
import type {BlockIoConfig} from '../../config/config.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError} from '../../primitives/errors.ts';
import {noMeter, type Meter} from '../../primitives/meter.ts';
import {connectionFault} from '../bitcoind/fault-table.ts';
import {AnswerTooLong, HttpLane, type HttpAnswer} from '../bitcoind/http-lane.ts';
import {Faults} from './faults.ts';
import type {Place} from './place.ts';

/** The longest: a prepared transaction of 2,500 outputs. */
const CAP = 8_000_000;
const CONNECTIONS = 2;

export type Parameters = Readonly<Record<string, unknown>>;

/**
 * Calls of block.io's API v2. The key goes in the body, never in a URL, where proxies and logs would keep it. One
 * deadline for each call; every failure is an EngineError: `backend_down`, `backend_timeout`, `backend_overloaded`,
 * `backend_auth`, `bad_backend_answer`, or a Fail. An answer for another network than the configured one is
 * `wallet_mismatch`.
 */
export class ApiClient {
  readonly place: Place;
  readonly faults: Faults;
  readonly #lane: HttpLane;
  readonly #apiKey: string;
  readonly #timeout: number;
  readonly #clock: Clock;
  readonly #meter: Meter;

  constructor(config: BlockIoConfig, place: Place, {clock, meter}: {clock: Clock; meter?: Meter | undefined}) {
    this.place = place;
    this.faults = new Faults(place, config.secrets);
    this.#lane = new HttpLane(new URL(config.url), CONNECTIONS);
    this.#apiKey = config.apiKey;
    this.#timeout = config.timeout;
    this.#clock = clock;
    this.#meter = meter ?? noMeter;
  }

  /** `data` of a success. */
  async call<Shape extends z.ZodType<{network: string}>>(
    method: string,
    parameters: Parameters,
    shape: Shape,
  ): Promise<z.output<Shape>> {
    const data = await this.#data(method, parameters);
    const read = shape.safeParse(data);
    if (!read.success) {
      const [issue] = read.error.issues;
      throw this.faults.badAnswer(method, `something else than expected at \`${issue?.path.join('.') ?? ''}\``);
    }
    if (read.data.network !== this.place.network) throw this.faults.wrongNetwork(read.data.network);
    return read.data;
  }

  async close(): Promise<void> {
    await this.#lane.close();
  }

  async #data(method: string, parameters: Parameters): Promise<unknown> {
    const begun = this.#clock.monotonic();
    let outcome = 'ok';
    try {
      return this.#read(method, await this.#post(method, parameters));
    } catch (error) {
      outcome = error instanceof EngineError ? error.code : 'internal';
      throw error;
    } finally {
      this.#meter.nodeCalled(this.place.coin, method, (this.#clock.monotonic() - begun) / 1000, outcome);
    }
  }

  /** A fail comes with 404, 200 or another status; what it is stands in the body. One of the server itself decides nothing. */
  #read(method: string, {status, contentType, body}: HttpAnswer): unknown {
    let answer: {status?: unknown; data?: unknown} | null;
    try {
      answer = JSON.parse(body.toString('utf8')) as typeof answer;
    } catch {
      throw this.faults.http(method, status, contentType);
    }
    const {status: word, data} = typeof answer === 'object' && answer !== null ? answer : {};
    if (word === 'success' && status < 300) return data;
    const words = (data as {error_message?: unknown} | null | undefined)?.error_message;
    if (word !== 'fail' || typeof words !== 'string' || status === 429 || status >= 500)
      throw this.faults.http(method, status, contentType);
    throw this.faults.fail(method, words);
  }

  async #post(method: string, parameters: Parameters): Promise<HttpAnswer> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(this.faults.timeout(method, this.#timeout)), this.#timeout);
    try {
      return await this.#lane.post({
        path: `/api/v2/${method}`,
        body: JSON.stringify({...parameters, api_key: this.#apiKey}),
        authorization: undefined,
        cap: CAP,
        signal: deadline.signal,
      });
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      if (error instanceof AnswerTooLong) throw this.faults.badAnswer(method, error.message);
      const {code, name} = error as {code?: unknown; name?: unknown};
      const cause = [code, name].find(word => typeof word === 'string') ?? '';
      // A call that the library does not take is a fault of ours, and no failed connection.
      if (connectionFault(cause) === undefined) throw error;
      throw this.faults.connection(cause, error);
    } finally {
      clearTimeout(timer);
    }
  }
}
