import type {Coin, Network} from '../../coins/index.ts';
import type {AddressSource} from '../../chain/ports.ts';
import type {PayoutPolicy} from '../../payout/fee-policy.ts';
import type {Broadcaster, FeeSource, Signer} from '../../payout/ports.ts';
import type {SizeOfInput} from '../../payout/sizes.ts';
import type {Hold} from '../../payout/state.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {Log} from '../../primitives/log.ts';
import type {LeaseStore} from '../../store/lease-store.ts';
import type {PayoutStore} from '../../store/payout-store.ts';

/**
 * Where a crash is injected: after each step that something outside can see, in this order. `reserved`: plan and
 * inputs are stored. `locked`: the wallet keeps its hands off them. `signed`: signed bytes exist in memory only.
 * `accepted`: the node would take them. `stored`: bytes and txid are durable. `counted`: the attempt is. `sent`: the
 * node has answered and nobody noted it. `marked`: the answer is durable.
 */
export const BROADCAST_STEPS = [
  'gather',
  'change-stored',
  'reserved',
  'locked',
  'signed',
  'accepted',
  'stored',
  'counted',
  'sent',
  'marked',
] as const;
export type BroadcastStep = (typeof BROADCAST_STEPS)[number];

export interface BroadcastParts {
  readonly coin: Coin;
  readonly network: Network;
  readonly store: PayoutStore & Pick<LeaseStore, 'checkLease'>;
  readonly signer: Signer;
  readonly broadcaster: Broadcaster;
  readonly fees: FeeSource;
  readonly addresses: Pick<AddressSource, 'newChangeAddress'>;
  /** The wallet's own word on what spending a coin takes; undefined: the usual scripts of single keys. */
  readonly inputSize?: SizeOfInput | undefined;
  readonly policy: PayoutPolicy;
  /** Why no payout may be signed or sent now, as tracking sees the node; the ledger's own reasons come on top. */
  readonly blocked: () => Hold | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** ms */
  readonly period: number;
  /** Waits so many ms of real time; a test's does not. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
  /** Throws where a test wants the engine to die. */
  readonly step?: (name: BroadcastStep) => Promise<void>;
}

export const passStep = async (parts: BroadcastParts, name: BroadcastStep): Promise<void> => parts.step?.(name);
