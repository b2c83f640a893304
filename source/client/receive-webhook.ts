import {CryptoassetsError} from '../api/client-error.ts';
import {messageOf} from '../primitives/errors.ts';
import {memorySeen, type SeenStore} from './seen.ts';
import type {TypedEvent} from './typed-event.ts';
import {keysOf, verifyWebhook, type VerifyOptions, type WebhookHeaders} from './verify-webhook.ts';

export interface WebhookOptions extends VerifyOptions {
  /**
   * Acts on one event. When it ends well the engine is answered 204 and never sends the event again, unless that answer
   * is lost; when it throws, 500, and the engine sends it again, with growing pauses for 3 days, before any later one.
   */
  readonly onEvent: (event: TypedEvent) => void | Promise<void>;
  /** Which events were acted on already; they are answered 204 and not handed over. `memorySeen()` unless said. */
  readonly seen?: SeenStore;
}

/** An event was acted on, now or before. */
export interface Taken {
  readonly event: TypedEvent;
  readonly repeated: boolean;
}

/** Larger than any event, small enough for anybody to send. */
export const BODY_LIMIT = 1024 * 1024;

/** HTTP status for whatever receiving threw; 500, for faults of the receiver itself, makes the engine try again. */
export const statusOf = (error: unknown): number =>
  (error instanceof CryptoassetsError && REFUSALS.has(error.code) ? error.status : undefined) ?? 500;

/**
 * For a framework's error handler, which may answer with the `status` that an error carries: one of a call that
 * `onEvent` made must not become ours. 410 would switch the sink off.
 */
export const asFault = (error: unknown): Error =>
  new Error(`the event was not acted on: ${messageOf(error)}`, {cause: error});

/** What the request is to blame for. A CryptoassetsError of a call that `onEvent` made is not. */
const REFUSALS = new Set(['webhook_headers_missing', 'webhook_too_old', 'bad_signature', 'bad_webhook_body']);

export type Receive = (body: string | Uint8Array, headers: WebhookHeaders) => Promise<Taken>;

/**
 * Verifies a request and acts on its event at most once at a time: a repeat that comes while the first is being acted on
 * shares its outcome. Throws what verifyWebhook throws, and what `onEvent` and `seen` throw. For frameworks that have no
 * adapter here; answer 204, or `statusOf(error)`. Throws `bad_option` at once when a secret is unset.
 */
export const createReceiver = ({onEvent, seen = memorySeen(), ...options}: WebhookOptions): Receive => {
  keysOf(options.secrets);
  const underWay = new Map<string, Promise<boolean>>();
  const act = async (event: TypedEvent): Promise<boolean> => {
    if (await seen.has(event.id)) return true;
    await onEvent(event);
    await seen.add(event.id);
    return false;
  };
  return async (body, headers) => {
    const event = verifyWebhook(body, headers, options);
    const before = underWay.get(event.id);
    if (before !== undefined) {
      await before;
      return {event, repeated: true};
    }
    const acting = act(event).finally(() => underWay.delete(event.id));
    underWay.set(event.id, acting);
    return {event, repeated: await acting};
  };
};
