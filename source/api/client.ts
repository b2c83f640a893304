import type {Actor, Event, Health, Replay, SinkStatus, Status} from '../contract/index.ts';
import type {Application, Created} from '../engine/application.ts';
import {introduce} from './introduction.ts';
import {path, Transport, type CallSettings, type Method, type RequestParts} from './transport.ts';

export interface ApiClient extends Application {
  close(): Promise<void>;
}

/** ms until an answer must have begun, and between two pieces of it. */
const ANSWER_TIMEOUT = 60_000;

type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * The Application of an engine that runs elsewhere on this host, over its unix socket. Refusals come back as the
 * EngineErrors they were; an engine that cannot be reached, or goes away, is `engine_unreachable`. Nothing is tried
 * again and streams are not reconnected: they end with an error and the caller decides.
 */
export const createApiClient = (socketPath: string, answerTimeout = ANSWER_TIMEOUT): ApiClient => {
  const transport = new Transport({socket: socketPath});
  return Object.assign(new RemoteApplication(transport, {timeout: answerTimeout, retries: 0}), {
    close: async () => transport.close(),
  });
};

/** Every question of the Application as a request. Cheap to make: one for each way of asking. */
export class RemoteApplication implements Application {
  readonly #transport: Transport;
  readonly #settings: CallSettings;

  constructor(transport: Transport, settings: CallSettings) {
    this.#transport = transport;
    this.#settings = settings;
  }

  /** The engine knows itself who opened its socket; only client and command are told. */
  as = (actor: Actor): Application =>
    new RemoteApplication(this.#transport, {...this.#settings, headers: introduce(actor)});

  health = async () => {
    const {body} = await this.#request('GET', '/health', {also: 503});
    return body as Health;
  };
  status = async () => this.#get<Status>('/v1/status');
  log: Application['log'] = async query => this.#get('/v1/log', query);
  stop = async () => this.#send<void>('POST', '/v1/engine/stop');
  attendConsole: Application['attendConsole'] = async (id, name, takeControl) =>
    this.#send('POST', path`/v1/consoles/${id}`, {name, take_control: takeControl});
  leaveConsole: Application['leaveConsole'] = async id => this.#send('DELETE', path`/v1/consoles/${id}`);
  stream = (signal: AbortSignal) => this.#stream<Status>('/v1/stream', signal);

  createAccount: Application['createAccount'] = async (coin, name) =>
    // Its name says which: the same again is the same account.
    this.#create(path`/v1/${coin}/accounts`, {name}, {}, true);
  account: Application['account'] = async (coin, name) => this.#get(path`/v1/${coin}/accounts/${name}`);
  accounts: Application['accounts'] = async (coin, query) => this.#get(path`/v1/${coin}/accounts`, query);
  freezeAccount: Application['freezeAccount'] = async (coin, name, reason) =>
    this.#send('POST', path`/v1/${coin}/accounts/${name}/freeze`, {reason});
  unfreezeAccount: Application['unfreezeAccount'] = async (coin, name, reason) =>
    this.#send('POST', path`/v1/${coin}/accounts/${name}/unfreeze`, {reason});

  createAddress: Application['createAddress'] = async (coin, account, label) =>
    this.#send('POST', path`/v1/${coin}/accounts/${account}/addresses`, {label});
  address: Application['address'] = async (coin, address) => this.#get(path`/v1/${coin}/addresses/${address}`);
  addresses: Application['addresses'] = async (coin, query) => this.#get(path`/v1/${coin}/addresses`, query);

  deposits: Application['deposits'] = async (coin, query) => this.#get(path`/v1/${coin}/deposits`, query);
  deposit: Application['deposit'] = async (coin, id) => this.#get(path`/v1/${coin}/deposits/${id}`);
  depositHistory: Application['depositHistory'] = async (coin, id) =>
    this.#get(path`/v1/${coin}/deposits/${id}/history`);

  createPayout: Application['createPayout'] = async (coin, key, body) =>
    this.#create(path`/v1/${coin}/payouts`, body, {'idempotency-key': key});
  payouts: Application['payouts'] = async (coin, query) => this.#get(path`/v1/${coin}/payouts`, query);
  payout: Application['payout'] = async (coin, id) => this.#get(path`/v1/${coin}/payouts/${id}`);
  payoutHistory: Application['payoutHistory'] = async (coin, id) => this.#get(path`/v1/${coin}/payouts/${id}/history`);
  cancelPayout: Application['cancelPayout'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/payouts/${id}/cancel`);
  releasePayout: Application['releasePayout'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/payouts/${id}/release`);
  approvePayout: Application['approvePayout'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/payouts/${id}/approve`);
  repayPayout: Application['repayPayout'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/payouts/${id}/repay`);
  pausePayouts: Application['pausePayouts'] = async (coin, reason) =>
    this.#send('POST', path`/v1/${coin}/payouts/pause`, {reason});
  resumePayouts: Application['resumePayouts'] = async coin => this.#send('POST', path`/v1/${coin}/payouts/resume`);

  broadcasts: Application['broadcasts'] = async (coin, query) => this.#get(path`/v1/${coin}/broadcasts`, query);
  broadcast: Application['broadcast'] = async (coin, txid) => this.#get(path`/v1/${coin}/broadcasts/${txid}`);
  bumpBroadcast: Application['bumpBroadcast'] = async (coin, txid, body) =>
    this.#send('POST', path`/v1/${coin}/broadcasts/${txid}/bump`, body);

  psbts: Application['psbts'] = async coin => this.#get(path`/v1/${coin}/psbts`);
  psbt: Application['psbt'] = async (coin, id) => this.#get(path`/v1/${coin}/psbts/${id}`);
  submitPsbt: Application['submitPsbt'] = async (coin, id, body) =>
    this.#send('PUT', path`/v1/${coin}/psbts/${id}`, body);

  createTransfer: Application['createTransfer'] = async (coin, key, body) =>
    this.#create(path`/v1/${coin}/transfers`, body, {'idempotency-key': key});
  transfers: Application['transfers'] = async (coin, query) => this.#get(path`/v1/${coin}/transfers`, query);
  transfer: Application['transfer'] = async (coin, id) => this.#get(path`/v1/${coin}/transfers/${id}`);
  adjust: Application['adjust'] = async (coin, body, key) =>
    this.#create(path`/v1/${coin}/adjustments`, body, key === undefined ? {} : {'idempotency-key': key});
  importBalance: Application['importBalance'] = async (coin, account) =>
    this.#send('POST', path`/v1/${coin}/imports`, {account});

  fees: Application['fees'] = async coin => this.#get(path`/v1/${coin}/fees`);

  transactions: Application['transactions'] = async (coin, query) => this.#get(path`/v1/${coin}/transactions`, query);
  books: Application['books'] = async coin => this.#get(path`/v1/${coin}/books`);
  acceptReorg: Application['acceptReorg'] = async coin => this.#send('POST', path`/v1/${coin}/chain/accept-reorg`);

  notify: Application['notify'] = async (coin, notice) => this.#send('POST', path`/v1/${coin}/notifications`, notice);

  events: Application['events'] = async (coin, after, limit) => this.#get(path`/v1/${coin}/events`, {after, limit});
  followEvents: Application['followEvents'] = (coin, after, signal) =>
    this.#stream<Event>(`${path`/v1/${coin}/events`}?after=${after}`, signal);
  event: Application['event'] = async (coin, sequence) => this.#get(path`/v1/${coin}/events/${String(sequence)}`);
  deliveries: Application['deliveries'] = async (coin, query) => this.#get(path`/v1/${coin}/deliveries`, query);
  retryDelivery: Application['retryDelivery'] = async (coin, id) =>
    this.#send('POST', path`/v1/${coin}/deliveries/${id}/retry`);
  sinks: Application['sinks'] = async () => (await this.#get<{items: SinkStatus[]}>('/v1/sinks')).items;
  replaySink: Application['replaySink'] = async (name, body) =>
    (await this.#send<{items: Replay[]}>('POST', path`/v1/sinks/${name}/replay`, body)).items;
  resumeSink: Application['resumeSink'] = async name => this.#send('POST', path`/v1/sinks/${name}/resume`);
  pauseSink: Application['pauseSink'] = async name => this.#send('POST', path`/v1/sinks/${name}/pause`);

  startRescan: Application['startRescan'] = async (coin, from, method) =>
    this.#send('POST', path`/v1/${coin}/rescans`, {from, method});
  estimateRescan: Application['estimateRescan'] = async (coin, from) =>
    this.#get(path`/v1/${coin}/rescans/estimate`, {from});
  jobs: Application['jobs'] = async (coin, query) => this.#get(path`/v1/${coin}/jobs`, query);
  job: Application['job'] = async (coin, id) => this.#get(path`/v1/${coin}/jobs/${id}`);
  cancelJob: Application['cancelJob'] = async (coin, id) => this.#send('DELETE', path`/v1/${coin}/jobs/${id}`);

  audit: Application['audit'] = async (coin, query) => this.#get(path`/v1/${coin}/audit`, query);

  async #get<Body>(url: string, query: Query = {}): Promise<Body> {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    return (await this.#request('GET', search.size === 0 ? url : `${url}?${search.toString()}`)).body as Body;
  }

  async #send<Body>(method: Method, url: string, body?: unknown): Promise<Body> {
    return (await this.#request(method, url, {body})).body as Body;
  }

  /** `repeatable` beside what has an idempotency key. */
  async #create<Thing>(url: string, body: unknown, headers = {}, repeatable = false): Promise<Created<Thing>> {
    const answer = await this.#request('POST', url, {body, headers, ...(repeatable && {repeatable})});
    return {value: answer.body as Thing, created: answer.status === 201};
  }

  async #request(method: Method, url: string, parts: RequestParts = {}) {
    const headers = {...this.#settings.headers, ...parts.headers};
    return this.#transport.request(method, url, {...parts, headers}, this.#settings);
  }

  #stream<Item>(url: string, signal: AbortSignal): AsyncIterable<Item> {
    return this.#transport.stream<Item>(url, signal);
  }
}
