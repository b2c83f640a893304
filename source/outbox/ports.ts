import type {Event} from '../contract/index.ts';

export type DeliveryAnswer =
  | {readonly kind: 'delivered'; readonly status: number | undefined}
  /** Try again later. `words`: one clean line for the operator. `status`: HTTP's, or a script's exit code. */
  | {readonly kind: 'failed'; readonly words: string; readonly status?: number | undefined}
  /** The endpoint says it is gone for good (410): the sink switches off and keeps accumulating. */
  | {readonly kind: 'gone'; readonly words: string; readonly status?: number | undefined};

/** One place events go to. Never throws for what the endpoint does; bounded in time and size. */
export interface Sink {
  readonly name: string;
  readonly type: string;
  /** ms that `deliver` takes at most, whatever the endpoint does. */
  readonly longest: number;
  /** `body`: the event as JSON, the bytes that are signed. Ends soon after the signal aborts. */
  deliver(event: Event, body: string, signal: AbortSignal): Promise<DeliveryAnswer>;
  /**
   * Reaches the endpoint and tells it nothing, for an event that did not happen must not be told. Resolves with what
   * was found, in words; throws `sink_unreachable`, or `bad_config` for what only a person can mend.
   */
  probe(): Promise<string>;
  close(): Promise<void>;
}
