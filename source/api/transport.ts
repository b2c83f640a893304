import {Client, Pool, type Dispatcher} from 'undici';
import type {Problem} from '../contract/index.ts';
import {messageOf} from '../primitives/errors.ts';
import {CryptoassetsError, fromProblem} from './client-error.ts';
import {readServerSentEvents} from './read-server-sent-events.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Where the engine listens: a unix socket's path, or an origin with its bearer token. */
export interface Endpoint {
  readonly socket?: string;
  readonly url?: URL;
  readonly token?: string;
}

export interface CallSettings {
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** ms that one attempt may take until its answer begins, and between two pieces of it. */
  readonly timeout: number;
  /** How often a call that may be repeated is tried again. */
  readonly retries: number;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestParts {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A status that is an answer although it is no success. */
  readonly also?: number;
  /** Whether doing it twice does no more than doing it once. GET and whatever has an idempotency key is. */
  readonly repeatable?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** ms for a connection to be there. */
const CONNECT_TIMEOUT = 5000;
/** Streams send something every 15 s at least. */
const STREAM_SILENCE = 60_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** The request never reached an engine: whatever it was, it may be sent again. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** ms before attempt `attempt` + 1, between half and the whole of a doubling pause, so that callers do not come at once. */
export const retryPause = (attempt: number): number =>
  Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);

/** Sleeps, or rejects with `aborted`. */
export const pause = async (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, {once: true});
  });

const aborted = (signal: AbortSignal | undefined): CryptoassetsError =>
  new CryptoassetsError('aborted', 'the caller ended the call', {retry: 'unknown-outcome', cause: signal?.reason});

/**
 * HTTP to one engine: JSON both ways, refusals as CryptoassetsErrors, an engine that gives no answer as
 * `engine_unreachable`. Calls that may be repeated are tried again with growing pauses.
 */
export class Transport {
  readonly #endpoint: Endpoint;
  readonly #options: Client.Options;
  readonly #pool: Pool;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    const {socket} = endpoint;
    this.#options = {
      connect: {timeout: CONNECT_TIMEOUT, ...(socket !== undefined && {socketPath: socket})},
      pipelining: 1,
    };
    this.#pool = new Pool(this.#origin, this.#options);
  }

  get #origin(): string {
    return this.#endpoint.url?.origin ?? 'http://localhost';
  }

  /** One call. Throws what the engine refused, `engine_unreachable` or `aborted`. */
  async request(method: Method, path: string, parts: RequestParts, settings: CallSettings): Promise<Answer> {
    const repeatable = parts.repeatable ?? (method === 'GET' || parts.headers?.['idempotency-key'] !== undefined);
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#attempt(method, path, parts, settings);
      if (!('problem' in outcome)) return outcome;
      const {problem, mayRepeat, after} = outcome;
      if (attempt >= settings.retries || !(mayRepeat || (repeatable && problem.retry !== 'never'))) throw problem;
      await pause(after ?? retryPause(attempt), settings.signal);
    }
  }

  /** The JSON of each server-sent event, as it comes. Not reconnected: ends by an error, or when the signal aborts. */
  async *stream<Item>(path: string, signal: AbortSignal): AsyncIterable<Item> {
    // A connection of its own: streams must not use up those of requests.
    const client = new Client(this.#origin, this.#options);
    try {
      const answer = await this.#dispatch(client, 'GET', path, {
        headers: {accept: 'text/event-stream'},
        settings: {signal, timeout: STREAM_SILENCE},
      });
      if (answer.statusCode !== 200) throw refusalOf(await answer.body.text(), answer.statusCode, `GET ${path}`);
      yield* readServerSentEvents<Item>(answer.body);
      throw new Error('the engine ended the stream');
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof CryptoassetsError ? error : this.#unreachable(error);
    } finally {
      await client.destroy();
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #attempt(
    method: Method,
    path: string,
    {body, headers = {}, also}: RequestParts,
    settings: CallSettings,
  ): Promise<Answer | {problem: CryptoassetsError; mayRepeat: boolean; after?: number}> {
    if (settings.signal?.aborted) throw aborted(settings.signal);
    try {
      const answer = await this.#dispatch(this.#pool, method, path, {body, headers, settings});
      const text = await answer.body.text();
      const status = answer.statusCode;
      if (status < 300 || status === also) return {status, body: parseAnswer(text, `${method} ${path}`)};
      const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
      const problem = refusalOf(text, status, `${method} ${path}`);
      // Too many requests are turned away before they do anything.
      return {problem, mayRepeat: status === 429, ...(seconds >= 0 && {after: Math.min(seconds, 30) * 1000})};
    } catch (error) {
      if (settings.signal?.aborted) throw aborted(settings.signal);
      if (error instanceof CryptoassetsError) throw error;
      return {problem: this.#unreachable(error), mayRepeat: wasUnreached(error)};
    }
  }

  async #dispatch(
    dispatcher: Dispatcher,
    method: Method,
    path: string,
    {
      body,
      headers,
      settings: {signal, timeout},
    }: {body?: unknown; headers: Readonly<Record<string, string>>; settings: Omit<CallSettings, 'retries'>},
  ): Promise<Dispatcher.ResponseData> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const {token, url} = this.#endpoint;
    return dispatcher.request({
      method,
      path: `${url?.pathname.replace(/\/$/, '') ?? ''}${path}`,
      headers: {
        ...headers,
        ...(token !== undefined && {authorization: `Bearer ${token}`}),
        ...(json !== undefined && {'content-type': 'application/json'}),
      },
      headersTimeout: timeout,
      bodyTimeout: timeout,
      ...(json !== undefined && {body: json}),
      ...(signal && {signal}),
    });
  }

  #unreachable(error: unknown): CryptoassetsError {
    const where = this.#endpoint.socket ?? this.#endpoint.url?.href ?? '';
    return new CryptoassetsError('engine_unreachable', `no engine answers at ${where}: ${messageOf(error)}`, {
      retry: wasUnreached(error) ? 'backoff' : 'unknown-outcome',
      cause: error,
    });
  }
}

const wasUnreached = (error: unknown): boolean =>
  error instanceof Error && UNREACHED.has(String((error as NodeJS.ErrnoException).code));

const parseAnswer = (text: string, what: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new CryptoassetsError('engine_unreachable', `${what}: what answers there is no engine`, {cause: error});
  }
};

/** A proxy in between may refuse in words of its own. */
const refusalOf = (text: string, status: number, what: string): CryptoassetsError => {
  try {
    const problem = JSON.parse(text) as Partial<Problem>;
    if (typeof problem.code === 'string') return fromProblem({...problem, status} as Problem);
  } catch {
    // Not JSON: not the engine's words.
  }
  return new CryptoassetsError('engine_unreachable', `${what}: something that is no engine answered ${status}`, {
    status,
    retry: status >= 500 || status === 429 ? 'unknown-outcome' : 'never',
  });
};

/** Fills a path with parts that are names and never paths. */
export const path = (texts: TemplateStringsArray, ...parts: string[]): string =>
  texts.map((text, index) => text + (index < parts.length ? encodeURIComponent(parts[index]!) : '')).join('');
