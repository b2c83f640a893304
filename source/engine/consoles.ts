import type {AttachedConsole, Attendance} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';

/** ms after which a console that said nothing is gone, and its control free. */
const EXPIRES_AFTER = 10_000;
/** Nobody sits before more screens than this. */
const MOST = 100;

interface Seen {
  readonly name: string;
  /** Wall clock, to show; the other is what counts. */
  readonly since: number;
  seenAt: number;
}

/**
 * Who looks at this engine, and which of them may change it. Control is a lease: held while its console attends, taken
 * over when asked for; once the holder has left or is silent, it goes to the one that has been there longest. It keeps
 * two operators from acting on the same thing unawares; the API itself refuses nobody.
 */
export class Consoles {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #seen = new Map<string, Seen>();
  #holder: string | undefined;

  constructor(clock: Clock, onChange: () => void = () => undefined) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Says that this console is there; the first one, or one that asks for it, gets control. */
  attend(id: string, name: string, takesControl: boolean): Attendance {
    this.#forgetSilent();
    const known = this.#seen.get(id);
    if (!known && this.#seen.size >= MOST)
      throw new EngineError('wrong_state', `${MOST} consoles are attached already`);
    this.#seen.set(id, {name, since: known?.since ?? this.#clock.now(), seenAt: this.#clock.monotonic()});
    const before = this.#holder;
    if (takesControl || this.#holder === undefined) this.#holder = id;
    if (!known || before !== this.#holder) this.#onChange();
    return {items: this.list(), expires_in: EXPIRES_AFTER / 1000};
  }

  leave(id: string): void {
    if (!this.#seen.has(id)) return;
    this.#forget(id);
    this.#onChange();
  }

  list(): AttachedConsole[] {
    this.#forgetSilent();
    return [...this.#seen].map(([id, {name, since}]) => ({
      id,
      name,
      has_control: id === this.#holder,
      since: new Date(since).toISOString(),
    }));
  }

  #forgetSilent(): void {
    const now = this.#clock.monotonic();
    for (const [id, {seenAt}] of this.#seen) {
      if (now - seenAt > EXPIRES_AFTER) this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#seen.delete(id);
    if (this.#holder === id) this.#holder = this.#seen.keys().next().value;
  }
}
