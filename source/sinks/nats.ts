import {readFileSync} from 'node:fs';
import {jetstream, jetstreamManager, JetStreamApiError} from '@nats-io/jetstream';
import {
  connect,
  credsAuthenticator,
  errors,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import type {NatsConfig, NatsCredentials} from '../config/config.ts';
import type {Event} from '../contract/index.ts';
import type {DeliveryAnswer, Sink} from '../outbox/ports.ts';
import {cleanText} from '../primitives/clean-text.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';

type Options = Pick<NatsConfig, 'url' | 'subject' | 'stream' | 'credentials' | 'timeout'>;

const NO_STREAM = 'no stream there takes this subject; make one (JetStream must be on there), or correct `subject`';
const CLOSED = 'refused or closed the connection';

/**
 * Publishes events to a JetStream stream under their own ids, so that the broker drops what it has already (within the
 * stream's duplicate window). An arrival is the broker's acknowledgement: the stream has stored it. The stream itself is
 * the broker's operator's to make.
 */
export const createNatsSink = (name: string, coin: string, config: Options): Sink => new NatsSink(name, coin, config);

class NatsSink implements Sink {
  readonly name: string;
  readonly type = 'nats';
  readonly #coin: string;
  readonly #config: Options;
  readonly #where: string;
  #connection: Promise<NatsConnection> | undefined;

  constructor(name: string, coin: string, config: Options) {
    this.name = name;
    this.#coin = coin;
    this.#config = config;
    this.#where = new URL(config.url).host;
  }

  /** Connecting and publishing each take at most the timeout. */
  get longest(): number {
    return 2 * this.#config.timeout;
  }

  async deliver({id, coin, type}: Event, body: string, signal: AbortSignal): Promise<DeliveryAnswer> {
    const {stream, timeout} = this.#config;
    const stopped = Promise.withResolvers<never>();
    const abort = () => stopped.reject(new Error('the engine stopped before an acknowledgement'));
    signal.addEventListener('abort', abort, {once: true});
    try {
      signal.throwIfAborted();
      const publish = async () =>
        jetstream(await this.#connected()).publish(fillIn(this.#config.subject, coin, type), body, {
          msgID: id,
          timeout,
          // Tried again by us, visibly.
          retries: 1,
          ...(stream !== undefined && {expect: {streamName: stream}}),
        });
      await Promise.race([publish(), stopped.promise]);
      return {kind: 'delivered', status: undefined};
    } catch (error) {
      // What hangs, or was sent without an answer, must not arrive behind the next attempt: it ends with its connection.
      if (!(error instanceof JetStreamApiError)) this.#disconnect();
      return {
        kind: 'failed',
        words: signal.aborted ? 'the engine stopped before an acknowledgement' : this.#explain(error),
      };
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async probe(): Promise<string> {
    try {
      const manager = await jetstreamManager(await this.#connected());
      const subject = fillIn(this.#config.subject, this.#coin, 'deposit.credited');
      const stream = await manager.streams.find(subject);
      if (this.#config.stream !== undefined && stream !== this.#config.stream)
        throw new Error(`${subject} belongs to the stream ${stream} there, and not to ${this.#config.stream}`);
      return `${this.#where} keeps ${subject} in the stream ${stream}`;
    } catch (error) {
      throw new EngineError('sink_unreachable', this.#explain(error), {cause: error});
    }
  }

  async close(): Promise<void> {
    this.#disconnect();
  }

  /** The connection, made now when there is none. One that broke is gone at once: the delivery loop is what tries again. */
  async #connected(): Promise<NatsConnection> {
    const open = await this.#connection;
    if (open !== undefined && !open.isClosed()) return open;
    const connecting = this.#connect();
    this.#connection = connecting;
    try {
      return await connecting;
    } catch (error) {
      if (this.#connection === connecting) this.#connection = undefined;
      throw error;
    }
  }

  async #connect(): Promise<NatsConnection> {
    const {url, credentials, timeout} = this.#config;
    return connect({
      servers: this.#where,
      name: 'cryptoassets-console',
      timeout,
      reconnect: false,
      ...(url.startsWith('tls:') && {tls: {}}),
      ...login(credentials),
    });
  }

  /** Does not wait for one that is still being made; it is closed once it is there. */
  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.then(
      async made => made.close(),
      () => undefined,
    );
  }

  #explain(error: unknown): string {
    if (error instanceof EngineError) return cleanText(error.message, 300);
    const words = this.#wordsFor(error) ?? cleanText(messageOf(error), 200);
    return `${this.#where}: ${words}`;
  }

  #wordsFor(error: unknown): string | undefined {
    // A publish wraps what went wrong.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    for (const found of [cause, error]) {
      if (found instanceof errors.NoRespondersError) return NO_STREAM;
      if (found instanceof errors.TimeoutError) return `no answer within ${this.#config.timeout / 1000} s`;
      if (found instanceof errors.AuthorizationError || found instanceof errors.UserAuthenticationExpiredError)
        return 'refuses the credentials';
      if (found instanceof errors.PermissionViolationError) return 'these credentials may not publish to this subject';
      if (found instanceof errors.ConnectionError || found instanceof errors.ClosedConnectionError)
        return /tls/i.test(found.message) ? 'does not speak TLS there' : CLOSED;
    }
    // What has no class of its own: a request under way when the connection broke, and a broker without JetStream.
    const message = messageOf(error);
    if (error instanceof errors.RequestError && /closed/.test(message)) return CLOSED;
    return /jetstream is not enabled/i.test(message) ? NO_STREAM : undefined;
  }
}

const fillIn = (subject: string, coin: string, type: string): string =>
  subject.replaceAll('{coin}', coin).replaceAll('{type}', type);

const login = (credentials: NatsCredentials | undefined): Partial<ConnectionOptions> => {
  if (credentials === undefined) return {};
  if (credentials.kind === 'token') return {token: credentials.token};
  if (credentials.kind === 'password') return {user: credentials.user, pass: credentials.password};
  try {
    return {authenticator: credsAuthenticator(readFileSync(credentials.path))};
  } catch (error) {
    throw new EngineError('bad_config', `cannot read ${credentials.path}: ${messageOf(error)}`, {cause: error});
  }
};
