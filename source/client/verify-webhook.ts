import {createHmac, timingSafeEqual} from 'node:crypto';
import {CryptoassetsError} from '../api/client-error.ts';
import type {TypedEvent} from './typed-event.ts';

/** Of node:http, Express and Fastify, or a Fetch `Headers`. */
export type WebhookHeaders =
  Readonly<Record<string, string | readonly string[] | undefined>> | {get(name: string): string | null};

export interface VerifyOptions {
  /** The sink's `secret`. While it is rotated, the old and the new one: either is taken. */
  readonly secrets: string | readonly string[];
  /** Seconds that the request's time may differ from ours; 300 unless said. Keeps a recorded request from being replayed. */
  readonly tolerance?: number;
  /** ms since 1970; the system's clock unless said. */
  readonly now?: () => number;
}

const TOLERANCE = 300;

/** `whsec_` and base64, or any other text, whose bytes are then the key. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8');

/** Throws `bad_option` for a list of secrets that is empty, or holds one that is unset or too short to be any. */
export const keysOf = (secrets: string | readonly string[]): Buffer[] => {
  const given: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  const keys = given.map(secret => (typeof secret === 'string' ? keyOf(secret) : Buffer.alloc(0)));
  if (keys.length > 0 && keys.every(key => key.length >= 16)) return keys;
  throw new CryptoassetsError('bad_option', 'secrets: expected the sink’s `secret`, at least 24 characters each', {
    field: 'secrets',
  });
};

const headerOf = (headers: WebhookHeaders, name: string): string => {
  const {get} = headers as {get?: unknown};
  const value = typeof get === 'function' ? (headers as Headers).get(name) : findHeader(headers, name);
  if (typeof value === 'string' && value !== '') return value;
  throw new CryptoassetsError('webhook_headers_missing', `the header ${name} is missing: no webhook of the engine`, {
    field: name,
    status: 401,
  });
};

const findHeader = (headers: WebhookHeaders, name: string): unknown =>
  Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] as unknown;

const signatureMatches = (given: string, expected: Buffer): boolean => {
  const [version, text] = given.split(',', 2);
  if (version !== 'v1' || text === undefined) return false;
  const signature = Buffer.from(text, 'base64');
  return signature.length === expected.length && timingSafeEqual(signature, expected);
};

/**
 * The event of a webhook request, once it is certain that the engine sent it (Standard Webhooks: HMAC-SHA256 over
 * id, time and body, compared in constant time). `body` must be the bytes as they came: JSON that was parsed and written
 * again differs. Throws `webhook_headers_missing`, `webhook_too_old`, `bad_signature` (answer 401) and
 * `bad_webhook_body` (400). The same event may come again: look its `id` up before acting on it.
 */
export const verifyWebhook = (
  body: string | Uint8Array,
  headers: WebhookHeaders,
  {secrets, tolerance = TOLERANCE, now = Date.now}: VerifyOptions,
): TypedEvent => {
  const keys = keysOf(secrets);
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature').split(' ');
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (!(Math.abs(now() / 1000 - seconds) <= tolerance))
    throw new CryptoassetsError(
      'webhook_too_old',
      `the request's time is more than ${tolerance} s away from ours: compare the clocks of the two machines`,
      {field: 'webhook-timestamp', status: 401},
    );
  const matches = keys.some(key => {
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
    return signatures.some(signature => signatureMatches(signature, expected));
  });
  if (!matches)
    throw new CryptoassetsError('bad_signature', 'no signature of the request fits a secret and the raw body', {
      field: 'webhook-signature',
      status: 401,
    });
  return eventOf(body, id);
};

const eventOf = (body: string | Uint8Array, id: string): TypedEvent => {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  let event: Partial<TypedEvent> | null = null;
  try {
    event = JSON.parse(text) as Partial<TypedEvent> | null;
  } catch {
    // Refused below, in the same words as what is JSON but no event.
  }
  if (event?.id === id && typeof event.type === 'string' && typeof event.sequence === 'number')
    return event as TypedEvent;
  throw new CryptoassetsError('bad_webhook_body', 'the body is signed but is no event of the engine', {status: 400});
};
