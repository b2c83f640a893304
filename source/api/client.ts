import {Pool, type Dispatcher} from 'undici';
import type {Event, Health, Problem, Status} from '../contract/index.ts';
import type {Application, Created} from '../engine/application.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {fromProblem} from './problems.ts';
import {readServerSentEvents} from './read-server-sent-events.ts';

export interface ApiClient extends Application {
  close(): Promise<void>;
}

/** ms until an answer must have begun, and between two pieces of it. Streams send something every 15 s at least. */
const ANSWER_TIMEOUT = 60_000;

type Method = 'GET' | 'POST' | 'DELETE';
type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * The Application of an engine that runs elsewhere on this host, over its unix socket. Refusals come back as the
 * EngineErrors they were; an engine that cannot be reached, or goes away, is `engine_unreachable`. Streams are not
 * reconnected: they end with an error and the caller decides.
 */
export const createApiClient = (socketPath: string, answerTimeout = ANSWER_TIMEOUT): ApiClient =>
  new SocketApplication(socketPath, answerTimeout);

class SocketApplication implements ApiClient {
  readonly #pool: Pool;
  readonly #socketPath: string;

  constructor(socketPath: string, answerTimeout: number) {
    this.#socketPath = socketPath;
    this.#pool = new Pool('http://localhost', {
      connect: {socketPath, timeout: 5000},
      pipelining: 1,
      headersTimeout: answerTimeout,
      bodyTimeout: answerTimeout,
    });
  }

  health = async () => {
    const {body} = await this.#request('GET', '/health', {also: 503});
    return body as Health;
  };
  status = async () => this.#get<Status>('/v1/status');
  stop = async () => this.#send<void>('POST', '/v1/engine/stop');
  stream = (signal: AbortSignal) => this.#stream<Status>('/v1/stream', signal);

  createAccount: Application['createAccount'] = async (coin, name) => this.#create(path`/v1/${coin}/accounts`, {name});
  account: Application['account'] = async (coin, name) => this.#get(path`/v1/${coin}/accounts/${name}`);
  accounts: Application['accounts'] = async (coin, query) => this.#get(path`/v1/${coin}/accounts`, query);

  createAddress: Application['createAddress'] = async (coin, account, label) =>
    this.#send('POST', path`/v1/${coin}/accounts/${account}/addresses`, {label});
  address: Application['address'] = async (coin, address) => this.#get(path`/v1/${coin}/addresses/${address}`);
  addresses: Application['addresses'] = async (coin, query) => this.#get(path`/v1/${coin}/addresses`, query);

  deposits: Application['deposits'] = async (coin, query) => this.#get(path`/v1/${coin}/deposits`, query);
  deposit: Application['deposit'] = async (coin, id) => this.#get(path`/v1/${coin}/deposits/${id}`);

  createPayout: Application['createPayout'] = async (coin, key, body) =>
    this.#create(path`/v1/${coin}/payouts`, body, {'idempotency-key': key});
  payouts: Application['payouts'] = async (coin, query) => this.#get(path`/v1/${coin}/payouts`, query);
  payout: Application['payout'] = async (coin, id) => this.#get(path`/v1/${coin}/payouts/${id}`);
  cancelPayout: Application['cancelPayout'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/payouts/${id}/cancel`);
  releasePayout: Application['releasePayout'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/payouts/${id}/release`);

  broadcasts: Application['broadcasts'] = async (coin, query) => this.#get(path`/v1/${coin}/broadcasts`, query);
  broadcast: Application['broadcast'] = async (coin, txid) => this.#get(path`/v1/${coin}/broadcasts/${txid}`);

  transactions: Application['transactions'] = async (coin, query) => this.#get(path`/v1/${coin}/transactions`, query);
  books: Application['books'] = async coin => this.#get(path`/v1/${coin}/books`);
  acceptReorg: Application['acceptReorg'] = async coin => this.#send('POST', path`/v1/${coin}/chain/accept-reorg`);

  events: Application['events'] = async (coin, after, limit) => this.#get(path`/v1/${coin}/events`, {after, limit});
  followEvents: Application['followEvents'] = (coin, after, signal) =>
    this.#stream<Event>(`${path`/v1/${coin}/events`}?after=${after}`, signal);
  deliveries: Application['deliveries'] = async (coin, query) => this.#get(path`/v1/${coin}/deliveries`, query);
  retryDelivery: Application['retryDelivery'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/deliveries/${id}/retry`);
  resumeSink: Application['resumeSink'] = async name => this.#send('POST', path`/v1/sinks/${name}/resume`);

  startRescan: Application['startRescan'] = async (coin, from) => this.#send('POST', path`/v1/${coin}/rescans`, {from});
  jobs: Application['jobs'] = async (coin, query) => this.#get(path`/v1/${coin}/jobs`, query);
  job: Application['job'] = async (coin, id) => this.#get(path`/v1/${coin}/jobs/${id}`);
  cancelJob: Application['cancelJob'] = async (coin, id) => this.#send('DELETE', path`/v1/${coin}/jobs/${id}`);

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #get<Body>(url: string, query: Query = {}): Promise<Body> {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    return (await this.#request('GET', search.size === 0 ? url : `${url}?${search.toString()}`)).body as Body;
  }

  async #send<Body>(method: Method, url: string, body?: unknown): Promise<Body> {
    return (await this.#request(method, url, {body})).body as Body;
  }

  async #create<Thing>(url: string, body: unknown, headers = {}): Promise<Created<Thing>> {
    const answer = await this.#request('POST', url, {body, headers});
    return {value: answer.body as Thing, created: answer.status === 201};
  }

  /** One call. `also` is a status that is an answer although it is no success. */
  async #request(
    method: Method,
    url: string,
    {body, headers = {}, also}: {body?: unknown; headers?: Record<string, string>; also?: number} = {},
  ): Promise<{status: number; body: unknown}> {
    const answer = await this.#dispatch(method, url, {body, headers});
    const text = await this.#reachable(async () => answer.body.text());
    const parsed = parseAnswer(text, method, url);
    if (answer.statusCode >= 300 && answer.statusCode !== also) throw fromProblem(parsed as Problem);
    return {status: answer.statusCode, body: parsed};
  }

  async *#stream<Item>(url: string, signal: AbortSignal): AsyncIterable<Item> {
    const answer = await this.#dispatch('GET', url, {headers: {accept: 'text/event-stream'}, signal});
    if (answer.statusCode !== 200) throw fromProblem(parseAnswer(await answer.body.text(), 'GET', url) as Problem);
    try {
      yield* readServerSentEvents<Item>(answer.body);
    } catch (error) {
      if (signal.aborted) return;
      throw this.#unreachable(error);
    }
    if (!signal.aborted) throw this.#unreachable(new Error('the engine ended the stream'));
  }

  async #dispatch(
    method: Method,
    path: string,
    {body, headers, signal}: {body?: unknown; headers: Record<string, string>; signal?: AbortSignal},
  ): Promise<Dispatcher.ResponseData> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    return this.#reachable(async () =>
      this.#pool.request({
        method,
        path,
        headers: json === undefined ? headers : {...headers, 'content-type': 'application/json'},
        ...(json !== undefined && {body: json}),
        ...(signal && {signal}),
      }),
    );
  }

  async #reachable<Value>(call: () => Promise<Value>): Promise<Value> {
    try {
      return await call();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): EngineError {
    return new EngineError('engine_unreachable', `no engine answers at ${this.#socketPath}: ${messageOf(error)}`, {
      retry: 'backoff',
      cause: error,
    });
  }
}

/** Fills a path with parts that are names and never paths. */
const path = (texts: TemplateStringsArray, ...parts: string[]): string =>
  texts.map((text, index) => text + (index < parts.length ? encodeURIComponent(parts[index]!) : '')).join('');

const parseAnswer = (text: string, method: Method, url: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new EngineError('engine_unreachable', `${method} ${url}: what answers there is no engine`, {cause: error});
  }
};
