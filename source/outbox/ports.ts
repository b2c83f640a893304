import type {Event} from '../contract/index.ts';

export type DeliveryAnswer =
  | {readonly kind: 'delivered'; readonly status: number | undefined}
  /** Try again later. `words`: one clean line for the operator. */
  | {readonly kind: 'failed'; readonly words: string}
  /** The endpoint says it is gone for good (410): the sink switches off and keeps accumulating. */
  | {readonly kind: 'gone'; readonly words: string};

/** One place events go to. Never throws for what the endpoint does; bounded in time and size. */
export interface Sink {
  readonly name: string;
  readonly type: string;
  deliver(event: Event, body: string, signal: AbortSignal): Promise<DeliveryAnswer>;
  close(): Promise<void>;
}
