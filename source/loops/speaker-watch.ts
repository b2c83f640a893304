import type {SourceView} from '../chain/ports.ts';
import type {BackendEvent} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import type {OutboxStore} from '../store/outbox-store.ts';

/** Tells of lasting changes of who speaks, of several sources, by `backend.*` events that name both. */
export class SpeakerWatch {
  readonly #clock: Clock;
  readonly #store: Pick<OutboxStore, 'appendBackendEvent' | 'lastSpeaker'>;
  readonly #sources: () => readonly SourceView[];
  /** Whom the application believes to speak, also from an engine before this one. */
  #told: string | undefined;
  #differsSince: number | undefined;

  constructor(
    clock: Clock,
    store: Pick<OutboxStore, 'appendBackendEvent' | 'lastSpeaker'>,
    sources: () => readonly SourceView[],
  ) {
    this.#clock = clock;
    this.#store = store;
    this.#sources = sources;
  }

  get speaker(): string {
    return this.#sources().find(({speaks}) => speaks)?.name ?? '';
  }

  /** An event about the coin as a whole told it along. */
  told(speaker: string): void {
    this.#told = speaker;
    this.#differsSince = undefined;
  }

  /** Appends the event once the change has lasted so long, ms. True while one is still to be told: come back soon. */
  async announce(settle: number): Promise<boolean> {
    const sources = this.#sources();
    const {speaker} = this;
    this.#told ??= await this.#store.lastSpeaker();
    const indexOf = (wanted: string | undefined) => sources.findIndex(({name}) => name === wanted);
    // One that is not in the config any more is as good as the preferred one: that is what was told of first.
    const before = Math.max(0, indexOf(this.#told));
    const now = indexOf(speaker);
    if (now < 0 || now === before) {
      this.#differsSince = undefined;
      return false;
    }
    this.#differsSince ??= this.#clock.monotonic();
    if (this.#clock.monotonic() - this.#differsSince < settle) return true;
    const isBack = now < before;
    const {name, reason, since} = sources[isBack ? now : before]!;
    const data: BackendEvent = {
      backend: name,
      ...(reason !== null && {reason}),
      since: new Date(since).toISOString(),
      speaks: speaker,
    };
    await this.#store.appendBackendEvent(isBack ? 'backend.up' : 'backend.down', data, this.#clock.now());
    this.told(speaker);
    return false;
  }
}
