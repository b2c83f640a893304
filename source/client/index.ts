/**
 * `import {connect} from 'cryptoassets-console'`: the engine's API for applications. Types are those of the schemas that
 * the API validates with. docs/client.md shows everything by example.
 */
export {connect, type Client} from './client.ts';
export {CryptoassetsError} from '../api/client-error.ts';
export {fileCursor, type CursorStore, type EventCursor} from './cursor.ts';
export type {EventOptions} from './events.ts';
export type {CallOptions, ConnectOptions, KeyedCallOptions} from './options.ts';
export {createReceiver, statusOf, type Receive, type Taken, type WebhookOptions} from './receive-webhook.ts';
export type * from './resources.ts';
export {fileSeen, memorySeen, type SeenStore} from './seen.ts';
export {isDepositEvent, isPayoutEvent, type EventOf, type TypedEvent} from './typed-event.ts';
export {verifyWebhook, type VerifyOptions, type WebhookHeaders} from './verify-webhook.ts';
export type {
  Account,
  Address,
  Adjustment,
  AuditEntry,
  BackendEvent,
  Books,
  BooksEvent,
  Broadcast,
  BroadcastDetail,
  CreateAdjustmentBody,
  CreatePayoutBody,
  CreateTransferBody,
  Delivery,
  Deposit,
  DepositStatus,
  Event,
  EventType,
  Health,
  Job,
  Page,
  Payout,
  PayoutStatus,
  PayoutsSwitch,
  Replay,
  RestoredEvent,
  SinkStatus,
  Status,
  Transaction,
  Transfer,
} from '../contract/index.ts';
