import type {Clock} from '../../primitives/clock.ts';
import type {ScriptHash, WatchedScripts} from './watched-scripts.ts';

/** So many of the newest scripts, and those with mempool transactions, get every second turn. */
const HOT = 50;
/** ms before a script is asked about again. */
const LEAST_PAUSE = 2_000;

/** Which script to ask about next: all of them in turn, newest first, and in between those where news is likely. */
export class ScriptRounds {
  readonly #scripts: WatchedScripts;
  readonly #clock: Clock;
  readonly #askedAt = new Map<ScriptHash, number>();
  /** With mempool transactions at the last look. */
  readonly #busy = new Set<ScriptHash>();
  /** Of the pass over all: scripts still to come, and those under way. */
  #left = 0;
  readonly #underWay = new Set<ScriptHash>();
  #hotTurn = 0;
  #turn = 0;
  #passes = 0;

  constructor(scripts: WatchedScripts, clock: Clock) {
    this.#scripts = scripts;
    this.#clock = clock;
    this.beginAnew();
  }

  /** Times that every script was asked about. */
  get passes(): number {
    return this.#scripts.size === 0 ? 1 : this.#passes;
  }

  beginAnew(): void {
    this.#passes = 0;
    this.#left = this.#scripts.size;
    this.#askedAt.clear();
  }

  /** Undefined when everything was asked about just now. */
  next(): ScriptHash | undefined {
    this.#turn += 1;
    const script =
      this.#turn % 2 === 0 ? (this.#nextOfAll() ?? this.#nextHot()) : (this.#nextHot() ?? this.#nextOfAll());
    if (script === undefined) this.#endPass();
    else this.#underWay.add(script);
    return script;
  }

  asked(script: ScriptHash, isBusy: boolean): void {
    this.#underWay.delete(script);
    this.#askedAt.set(script, this.#clock.monotonic());
    if (isBusy) this.#busy.add(script);
    else this.#busy.delete(script);
    this.#endPass();
  }

  #endPass(): void {
    if (this.#left > 0 || this.#underWay.size > 0 || this.#scripts.size === 0) return;
    this.#passes += 1;
    this.#left = this.#scripts.size;
  }

  /** Nothing was learned of it: it comes again in this pass. */
  failed(script: ScriptHash): void {
    this.#underWay.delete(script);
    this.#left = this.#scripts.size;
  }

  #nextOfAll(): ScriptHash | undefined {
    while (this.#left > 0) {
      // Newest first: those that came meanwhile are hot, and part of the next pass.
      const script = this.#scripts.at(this.#left - 1);
      if (this.#underWay.has(script)) {
        this.#left -= 1;
        continue;
      }
      if (this.#isRecent(script)) {
        if (this.#passes > 0) return undefined;
        this.#left -= 1;
        continue;
      }
      this.#left -= 1;
      return script;
    }
    return undefined;
  }

  #nextHot(): ScriptHash | undefined {
    const newest = this.#scripts.from(Math.max(0, this.#scripts.size - HOT));
    const hot = [...new Set([...newest, ...this.#busy])];
    for (let tried = 0; tried < hot.length; tried++) {
      this.#hotTurn = (this.#hotTurn + 1) % hot.length;
      // Backwards: the newest is last.
      const script = hot[hot.length - 1 - this.#hotTurn]!;
      if (!this.#underWay.has(script) && !this.#isRecent(script)) return script;
    }
    return undefined;
  }

  #isRecent(script: ScriptHash): boolean {
    const askedAt = this.#askedAt.get(script);
    return askedAt !== undefined && this.#clock.monotonic() - askedAt < LEAST_PAUSE;
  }
}
