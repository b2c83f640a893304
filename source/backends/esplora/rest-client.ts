import {Pool} from 'undici';
import type {Clock} from '../../primitives/clock.ts';
import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {noMeter, type Meter} from '../../primitives/meter.ts';
import {connectionFault} from '../bitcoind/fault-table.ts';
import {Latencies} from '../bitcoind/latencies.ts';
import {codeOf, Faults, isBusy} from './faults.ts';
import {type EsploraPlace, Place} from './place.ts';
import {RequestGate, type Urgency} from './request-gate.ts';

export interface AskOptions {
  /** Bytes of answer; 4 MB unless said. */
  readonly cap?: number;
  /** `now` unless said. */
  readonly urgency?: Urgency;
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly body: Buffer;
}

interface Question {
  readonly method: 'GET' | 'POST';
  /** `/tx/:txid/raw`, for people and for metrics. */
  readonly route: string;
  readonly path: string;
  readonly body?: string;
  readonly options: AskOptions;
}

const DEFAULT_CAP = 4_000_000;
/** HTTP: asked too often. */
const TOO_MANY = 429;
/** ms to wait after it without a word on how long; doubled each time. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;
/** Bytes of an answer that tell how fast the way to the server is. */
const LARGE = 100_000;

/** The answer is longer than was allowed for it. */
class AnswerTooLong extends Error {
  constructor(cap: number) {
    super(`more than ${cap} bytes`);
  }
}

/**
 * Esplora's REST API with a budget of requests, one deadline for each of them from when it gets its turn, a cap on the
 * answer, and every failure mapped to an EngineError: `backend_down`, `backend_timeout` (outcome unknown),
 * `backend_auth`, `backend_overloaded`, `bad_backend_answer`. What does not exist is undefined.
 */
export class RestClient {
  readonly place: Place;
  readonly faults: Faults;
  readonly latencies = new Latencies();
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #gate: RequestGate;
  readonly #timeout: number;
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #underWay = new Set<AbortController>();
  #busyInARow = 0;
  #connection = 1;
  #requests = 0;
  #bytes = 0;
  #bytesPerSecond: number | undefined;

  constructor(config: EsploraPlace, coin: string, clock: Clock, meter = noMeter) {
    const url = new URL(config.url);
    this.place = new Place(config, coin);
    this.faults = new Faults(this.place);
    this.#basePath = url.pathname.replace(/\/+$/, '');
    this.#pool = new Pool(url.origin, {
      connections: config.parallel,
      pipelining: 1,
      // The deadline of the whole request is its signal.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {timeout: Math.min(10_000, config.timeout)},
    });
    this.#gate = new RequestGate({perSecond: config.requestsPerSecond, parallel: config.parallel}, clock);
    this.#timeout = config.timeout;
    this.#clock = clock;
    this.#meter = meter;
  }

  /** Another number after each loss of the connection: what was learned of the server may be of another one. */
  get connection(): number {
    return this.#connection;
  }

  /** Requests made and bytes of answers read so far. */
  get spent(): {readonly requests: number; readonly bytes: number} {
    return {requests: this.#requests, bytes: this.#bytes};
  }

  /** Of large answers lately; undefined before the first. */
  get bytesPerSecond(): number | undefined {
    return this.#bytesPerSecond;
  }

  /** Undefined for 404: there is no such thing. Each `:word` of the route is the next of `values`. */
  async bytes(
    route: string,
    values: readonly (string | number)[],
    options: AskOptions = {},
  ): Promise<Buffer | undefined> {
    let next = 0;
    const path = route.replaceAll(/:\w+/g, () => encodeURIComponent(values[next++]!));
    const answer = await this.#ask({method: 'GET', route, path, options});
    if (answer.status === 200) return answer.body;
    const text = answer.body.toString('utf8', 0, 1000);
    if (answer.status !== 404) throw this.faults.http(answer.status, text, answer.location, route);
    // A page instead of a word: nobody there knows the route.
    if (text.trimStart().startsWith('<')) throw this.faults.noApi(route);
    return undefined;
  }

  async text(route: string, values: readonly (string | number)[], options?: AskOptions): Promise<string | undefined> {
    return (await this.bytes(route, values, options))?.toString('utf8').trim();
  }

  async json(route: string, values: readonly (string | number)[], options?: AskOptions): Promise<unknown> {
    const text = await this.text(route, values, options);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      if (text === '') throw this.faults.badAnswer(route, 'nothing', error);
      if (text.startsWith('<')) throw this.faults.noApi(route);
      throw this.faults.badAnswer(route, `something that is not JSON, or is cut off: ${cleanText(text, 40)}`, error);
    }
  }

  /** Whatever the server says, with its status; only failures to get an answer throw. */
  async post(route: string, body: string): Promise<{status: number; text: string; refusal: EngineError}> {
    const {status, location, body: answer} = await this.#ask({method: 'POST', route, path: route, body, options: {}});
    const text = answer.toString('utf8').trim();
    return {status, text, refusal: this.faults.http(status, text, location, route)};
  }

  /** Ends what is asked, also what waits because the server asked for a pause. */
  async close(): Promise<void> {
    const closed = new EngineError('aborted', `${this.place.server} is no longer asked`, {retry: 'backoff'});
    this.#gate.close(closed);
    for (const one of this.#underWay) one.abort(closed);
    await this.#pool.destroy();
  }

  async #ask(question: Question): Promise<Answer> {
    const {urgency = 'now', signal} = question.options;
    if (this.#gate.pause > this.#timeout) throw this.faults.mustWait(this.#gate.pause);
    await this.#enter(urgency, signal, question.route);
    const deadline = new AbortController();
    this.#underWay.add(deadline);
    const timer = setTimeout(() => deadline.abort(this.faults.timeout(question.route, this.#timeout)), this.#timeout);
    const until = signal ? AbortSignal.any([deadline.signal, signal]) : deadline.signal;
    const begun = this.#clock.monotonic();
    let outcome = 'ok';
    try {
      return await this.#patiently(question, until, begun + this.#timeout);
    } catch (error) {
      const fault = this.#mapped(question.route, error, until);
      outcome = fault instanceof EngineError ? fault.code : 'internal';
      throw fault;
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(deadline);
      this.#gate.leave();
      const seconds = (this.#clock.monotonic() - begun) / 1000;
      this.#meter.nodeCalled(this.place.coin, question.route, seconds, outcome);
    }
  }

  async #enter(urgency: Urgency, signal: AbortSignal | undefined, route: string): Promise<void> {
    try {
      await this.#gate.enter(urgency, signal);
    } catch (error) {
      throw error instanceof EngineError ? error : calledOff(route, error);
    }
  }

  /** Again after each pause that the server asks for, as long as the deadline allows. */
  async #patiently(question: Question, signal: AbortSignal, deadline: number): Promise<Answer> {
    for (;;) {
      const answer = await this.#exchange(question, signal).catch((error: unknown) => {
        // An idle connection that the server closed at this very moment. Every question can be asked again.
        if (signal.aborted || connectionFault(codeOf(error)) !== 'lost') throw error;
        return this.#exchange(question, signal);
      });
      if (!isBusy(answer.status)) {
        this.#busyInARow = 0;
        return answer;
      }
      const pause = this.#pauseAfter(answer);
      const asksForIt = answer.status === TOO_MANY || answer.retryAfter !== undefined;
      const tooLong = asksForIt && pause > this.#timeout ? this.faults.mustWait(pause) : undefined;
      if (asksForIt) this.#gate.pauseFor(pause, tooLong);
      if (tooLong !== undefined) throw tooLong;
      // That what is behind the server is away is news for whoever waits; only a long scan had better go on.
      const isPatient = asksForIt || question.options.urgency === 'bulk';
      if (!isPatient || this.#clock.monotonic() + pause >= deadline) return answer;
      await sleep(pause, signal);
    }
  }

  /** ms, by `Retry-After` in seconds or as a date; growing where the server does not say. */
  #pauseAfter({retryAfter}: Answer): number {
    this.#busyInARow += 1;
    const growing = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(10, this.#busyInARow - 1));
    if (retryAfter === undefined) return growing;
    const asked = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - this.#clock.now();
    return Number.isNaN(asked) ? growing : Math.min(Math.max(asked, FIRST_PAUSE), 60 * LONGEST_PAUSE);
  }

  async #exchange({method, path, body, options}: Question, signal: AbortSignal): Promise<Answer> {
    const cap = options.cap ?? DEFAULT_CAP;
    const begun = this.#clock.monotonic();
    this.#requests += 1;
    const response = await this.#pool.request({
      method,
      path: `${this.#basePath}${path}`,
      headers: {accept: '*/*', ...(body === undefined ? {} : {'content-type': 'text/plain'})},
      body: body ?? null,
      signal,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    // Leaving the loop early destroys the body and its connection.
    for await (const chunk of response.body) {
      length += (chunk as Buffer).length;
      if (length > cap) throw new AnswerTooLong(cap);
      chunks.push(chunk as Buffer);
    }
    this.#bytes += length;
    if (length > LARGE) this.#learnSpeed(length, this.#clock.monotonic() - begun);
    if (options.urgency !== 'bulk') this.latencies.add(this.#clock.monotonic() - begun);
    const header = (name: string) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    return {
      status: response.statusCode,
      retryAfter: header('retry-after'),
      location: header('location'),
      body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
    };
  }

  #learnSpeed(bytes: number, milliseconds: number): void {
    const speed = (bytes / Math.max(1, milliseconds)) * 1000;
    this.#bytesPerSecond = this.#bytesPerSecond === undefined ? speed : this.#bytesPerSecond * 0.8 + speed * 0.2;
  }

  #mapped(route: string, error: unknown, signal: AbortSignal): Error {
    if (error instanceof EngineError) return error;
    if (signal.aborted && signal.reason instanceof EngineError) return signal.reason;
    if (signal.aborted) return calledOff(route, error);
    if (error instanceof AnswerTooLong) return this.faults.badAnswer(route, messageOf(error), error);
    const code = codeOf(error);
    const fault = connectionFault(code);
    if (fault === undefined) return error instanceof Error ? error : new Error(String(error));
    this.#connection += 1;
    return this.faults.connection(fault, code, error);
  }
}

const calledOff = (route: string, cause: unknown): EngineError =>
  new EngineError('aborted', `${route} was called off`, {retry: 'backoff', cause});

const sleep = async (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, {once: true});
  });
