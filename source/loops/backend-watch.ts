import type {NodeTip, SourceView} from '../chain/ports.ts';
import type {BackendEvent, BackendStatus, HoldReason} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import type {OutboxStore} from '../store/outbox-store.ts';
import {SpeakerWatch} from './speaker-watch.ts';

export type BackendState = BackendStatus['state'];

/** How the chain loop sees its node, for the status and for everybody who must wait for it. */
export interface ChainView {
  readonly state: BackendState;
  /** What is wrong and what to do, in words. */
  readonly reason: string | null;
  readonly tip: NodeTip | undefined;
  /** ms; of the node's last answer. */
  readonly lastSeenAt: number | undefined;
  /** ms; since when the state is this one. */
  readonly since: number;
  /** No payout may be signed, and why. */
  readonly blocked: {readonly reason: HoldReason; readonly words: string} | undefined;
}

type Announced = 'up' | 'behind' | 'down';

export type BackendTeller = Pick<OutboxStore, 'appendBackendEvent' | 'lastBackendEvent' | 'lastSpeaker'>;

/** A state must last this long before the application is told, so that one flap is one pair of events. */
const SETTLE = 2_000;

const ANNOUNCED_AS: Readonly<Record<BackendState, Announced | undefined>> = {
  connecting: undefined,
  ok: 'up',
  behind: 'behind',
  syncing: 'behind',
  warming_up: 'down',
  stalled: 'down',
  down: 'down',
  wrong_chain: 'down',
  wrong_wallet: 'down',
};

/** Keeps the view, and tells of lasting changes by `backend.*` events. */
export class BackendWatch {
  readonly #clock: Clock;
  readonly #store: BackendTeller;
  readonly #backend: string;
  readonly #speakers: SpeakerWatch | undefined;
  #view: ChainView;
  /** What the application believes, also from an engine before this one. */
  #announced: Announced | undefined;
  /** By the monotonic clock: a wall clock that is set must not announce anything. */
  #differsSince: number | undefined;

  /** `backend`: its name. `sources`: of several, how each stands. */
  constructor(clock: Clock, store: BackendTeller, backend: string, sources?: () => readonly SourceView[]) {
    this.#clock = clock;
    this.#store = store;
    this.#backend = backend;
    this.#speakers = sources && new SpeakerWatch(clock, store, sources);
    this.#view = {
      state: 'connecting',
      reason: null,
      tip: undefined,
      lastSeenAt: undefined,
      since: clock.now(),
      blocked: {reason: 'node_behind', words: 'the node has not been compared with the ledger yet'},
    };
  }

  get view(): ChainView {
    return this.#view;
  }

  /** The node answered. */
  sawTip(tip: NodeTip): void {
    this.#view = {...this.#view, tip, lastSeenAt: this.#clock.now()};
  }

  becomes(state: BackendState, reason: string | null, blocked: ChainView['blocked']): void {
    const since = state === this.#view.state ? this.#view.since : this.#clock.now();
    this.#view = {...this.#view, state, reason, blocked, since};
  }

  /** Appends the event once the change has lasted. True while one is still to be told: come back soon. */
  async announce(): Promise<boolean> {
    this.#announced ??= ((await this.#store.lastBackendEvent())?.slice('backend.'.length) ?? 'up') as Announced;
    const now = ANNOUNCED_AS[this.#view.state] ?? this.#announced;
    if (now === this.#announced) {
      this.#differsSince = undefined;
      // While nobody can be relied on, who speaks is no news.
      return this.#view.state === 'ok' ? ((await this.#speakers?.announce(SETTLE)) ?? false) : false;
    }
    this.#differsSince ??= this.#clock.monotonic();
    if (this.#clock.monotonic() - this.#differsSince < SETTLE) return true;
    const {reason, since} = this.#view;
    const data: BackendEvent = {
      backend: this.#speakers?.speaker ?? this.#backend,
      ...(reason !== null && {reason}),
      since: new Date(since).toISOString(),
      ...(now === 'up' && this.#speakers && {speaks: this.#speakers.speaker}),
    };
    await this.#store.appendBackendEvent(`backend.${now}`, data, this.#clock.now());
    this.#announced = now;
    if (data.speaks !== undefined) this.#speakers?.told(data.speaks);
    this.#differsSince = undefined;
    return false;
  }
}
