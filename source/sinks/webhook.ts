import {lookup} from 'node:dns';
import {STATUS_CODES} from 'node:http';
import {Webhook} from 'standardwebhooks';
import {type buildConnector, Client, type Dispatcher} from 'undici';
import type {WebhookConfig} from '../config/config.ts';
import type {Event} from '../contract/index.ts';
import type {DeliveryAnswer, Sink} from '../outbox/ports.ts';
import {systemClock, type Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';
import {explainFailure} from './explain-failure.ts';
import {guardedConnector, type Resolve} from './guarded-connector.ts';

export interface WebhookLimits {
  /** ms from the start of a delivery to the answer's headers, name lookup and connecting included. */
  readonly deadline: number;
  /** ms that are left for the rest of an answer; the status was all that counts. */
  readonly rest: number;
  /** Bytes of it that are read, to keep the connection; more closes it. */
  readonly restBytes: number;
}

const LIMITS: WebhookLimits = {deadline: 15_000, rest: 1000, restBytes: 65_536};

/**
 * Posts events signed by the Standard Webhooks scheme: `webhook-id` is the event's id, `webhook-timestamp` this
 * attempt's. 2xx is success, 410 `gone`, all else (redirects too) a failure. One connection, kept alive.
 */
export const createWebhookSink = (
  name: string,
  config: Pick<WebhookConfig, 'url' | 'secrets' | 'allowPrivate'>,
  {clock = systemClock, limits = LIMITS, resolve = lookup}: Surroundings = {},
): Sink => new WebhookSink(name, config, {clock, limits, resolve});

interface Surroundings {
  readonly clock?: Clock;
  readonly limits?: WebhookLimits;
  readonly resolve?: Resolve;
}

class WebhookSink implements Sink {
  readonly name: string;
  readonly type = 'webhook';
  readonly #url: URL;
  readonly #path: string;
  readonly #signers: readonly Webhook[];
  readonly #clock: Clock;
  readonly #limits: WebhookLimits;
  readonly #connect: buildConnector.connector;
  readonly #client: Client;

  constructor(
    name: string,
    config: Pick<WebhookConfig, 'url' | 'secrets' | 'allowPrivate'>,
    {clock, limits, resolve}: Required<Surroundings>,
  ) {
    this.name = name;
    this.#url = new URL(config.url);
    this.#path = this.#url.pathname + this.#url.search;
    this.#signers = config.secrets.map(signerOf);
    this.#clock = clock;
    this.#limits = limits;
    this.#connect = guardedConnector({
      host: this.#url.hostname,
      allowPrivate: config.allowPrivate,
      secure: this.#url.protocol === 'https:',
      timeout: limits.deadline,
      resolve,
    });
    this.#client = new Client(this.#url.origin, {
      connect: this.#connect,
      // The deadline below bounds the whole of it; undici's own would only differ.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  get longest(): number {
    return this.#limits.deadline + this.#limits.rest;
  }

  async deliver(event: Event, body: string, signal: AbortSignal): Promise<DeliveryAnswer> {
    const deadline = new AbortController();
    const abort = () => deadline.abort();
    const timer = setTimeout(abort, this.#limits.deadline);
    signal.addEventListener('abort', abort, {once: true});
    try {
      // A request with a signal that is aborted already never starts; listeners are not told of the past.
      signal.throwIfAborted();
      const response = await this.#post(event, body, deadline.signal);
      await this.#discard(response.body);
      return answerOf(response.statusCode);
    } catch (error) {
      const host = this.#url.host;
      if (signal.aborted) return {kind: 'failed', words: 'the engine stopped before an answer'};
      if (deadline.signal.aborted)
        return {kind: 'failed', words: `${host} gave no answer within ${this.#limits.deadline / 1000} s`};
      return {kind: 'failed', words: explainFailure(error, host)};
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Opens a connection, TLS included, and sends nothing. */
  async probe(): Promise<string> {
    const {host, hostname, port, protocol} = this.#url;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#connect(
          {hostname, host, port: port || (protocol === 'https:' ? '443' : '80'), protocol},
          (error, socket) => {
            socket?.destroy();
            if (error) reject(error);
            else resolve();
          },
        );
      });
    } catch (error) {
      throw new EngineError('sink_unreachable', explainFailure(error, host), {cause: error});
    }
    return `${host} takes connections`;
  }

  /** At once: whoever closes a sink has stopped its loop before. */
  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #post(event: Event, body: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const now = new Date(this.#clock.now());
    return this.#client.request({
      method: 'POST',
      path: this.#path,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'cryptoassets-console',
        'webhook-id': event.id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': this.#signatures(event.id, now, body),
      },
      body,
      signal,
    });
  }

  /** One for each secret, newest first, as Standard Webhooks has it: receivers take any that they know. */
  #signatures(id: string, now: Date, body: string): string {
    return this.#signers.map(signer => signer.sign(id, now, body)).join(' ');
  }

  /** Reads the rest of an answer, so that its connection can be used again; not for long, and not for ever. */
  async #discard(body: Dispatcher.ResponseData['body']): Promise<void> {
    const timer = setTimeout(() => body.destroy(), this.#limits.rest);
    try {
      await body.dump({limit: this.#limits.restBytes});
    } finally {
      clearTimeout(timer);
    }
  }
}

/** `whsec_` and base64, or any other text, whose bytes are then the key. */
const signerOf = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(Buffer.from(secret, 'utf8'), {format: 'raw'});

const answerOf = (status: number): DeliveryAnswer => {
  if (status >= 200 && status < 300) return {kind: 'delivered', status};
  const words = `answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  if (status === 410) return {kind: 'gone', words, status};
  if (status >= 300 && status < 400)
    return {kind: 'failed', words: `${words}; redirects are not followed: configure the final address`, status};
  return {kind: 'failed', words, status};
};
