import type {CallSettings, Endpoint} from '../api/transport.ts';
import {CryptoassetsError} from '../api/client-error.ts';
import {isLoopbackHost} from '../config/hosts.ts';

/** Where the engine listens, and how patient calls are. Exactly one of `socket` and `url`. */
export interface ConnectOptions {
  /** Path of the engine's unix socket: `api.socket` of its config. No token is needed there. */
  readonly socket?: string;
  /** `http://127.0.0.1:18881`: `api.listen` of its config, or what stands in front of it. */
  readonly url?: string;
  /** The bearer token; needed with `url`. */
  readonly token?: string;
  /** Plain http to another machine would show the token to everybody in between: refused unless true. */
  readonly allowInsecure?: boolean;
  /** ms that one attempt of a call may take; 15 000 unless said. */
  readonly timeout?: number;
  /** How often reads and calls with an idempotency key are tried again; 3 unless said. */
  readonly retries?: number;
}

/** What every call takes; the values of `connect` hold for what is not given. */
export interface CallOptions {
  /** Ends the call, waiting for an answer or between two attempts, with a CryptoassetsError `aborted`. */
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
  readonly retries?: number | undefined;
}

/** What a call that moves money takes. */
export interface KeyedCallOptions extends CallOptions {
  /**
   * The same key and body again is the same payout, paid once; it is best a name of your own for what is paid
   * (`refund-order-17`). Without one a random key is made: it stands in `idempotency_key` of the answer and in
   * `idempotencyKey` of the error.
   */
  readonly idempotencyKey?: string | undefined;
}

export const DEFAULTS = {timeout: 15_000, retries: 3} as const;

const bad = (field: string, detail: string) => new CryptoassetsError('bad_option', `${field}: ${detail}`, {field});

/** Throws `bad_option`, which names the option. */
export const endpointOf = (options: ConnectOptions): Endpoint => {
  const {socket, url, token, allowInsecure = false} = options;
  if ((socket === undefined) === (url === undefined))
    throw bad('socket', 'give either the path of the engine’s socket (api.socket of its config) or a url');
  if (socket === '') throw bad('socket', 'is empty; expected the path of the engine’s socket');
  if (socket !== undefined) return {socket};
  if (!URL.canParse(url!)) throw bad('url', 'is no URL; expected one such as http://127.0.0.1:18881');
  const parsed = new URL(url!);
  if (!['http:', 'https:'].includes(parsed.protocol)) throw bad('url', 'must begin with http:// or https://');
  if (parsed.username !== '' || parsed.password !== '') throw bad('url', 'holds credentials; give `token` instead');
  if (token === undefined || token === '') throw bad('token', 'is missing; over TCP every request needs one');
  if (!/^[\x21-\x7e]+$/.test(token)) throw bad('token', 'holds a space or a character that no header can carry');
  if (parsed.protocol === 'http:' && !isLoopbackHost(parsed.hostname) && !allowInsecure)
    throw bad('url', 'is plain http to another machine; use https, or allowInsecure: true on a network you trust');
  return {url: parsed, token};
};

/** Throws `bad_option`, which names the option. */
export const settingsOf = (call: CallOptions, defaults: Omit<CallSettings, 'signal'>): CallSettings => {
  const {timeout = defaults.timeout, retries = defaults.retries, signal} = call;
  if (!(Number.isFinite(timeout) && timeout > 0)) throw bad('timeout', 'expected milliseconds above 0');
  if (!(Number.isInteger(retries) && retries >= 0)) throw bad('retries', 'expected a whole number, 0 for none');
  return {timeout, retries, signal};
};
