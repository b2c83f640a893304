import type {NodeTip, SourceView} from '../../chain/ports.ts';
import type {NetworkSide} from '../../payout/sides.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {standingOf, type Candidate, type Observed, type Standing} from './choose-speaker.ts';
import type {FailoverRules} from './rules.ts';

/** The network side of one backend, with the name that the config gives it. */
export interface Source extends NetworkSide {
  readonly name: string;
  readonly type: string;
}

interface Failures {
  readonly times: number;
  readonly code: string;
  readonly words: string;
  readonly lastAt: number;
}

/** Failures of one and the same question in a row that make a fault: a single one may be a lost connection. */
const MAKE_A_FAULT = 2;

/** Whether an error says that the source cannot do its work; others say something about what was asked. */
export const isFault = (error: unknown): error is EngineError =>
  error instanceof EngineError &&
  error.code !== 'backend_not_found' &&
  (error.code.startsWith('backend_') || error.code === 'bad_backend_answer' || error.code === 'block_pruned');

/** What is remembered of one source. Concludes nothing about the others. */
export class WatchedSource {
  readonly source: Source;
  tip: NodeTip | undefined;
  latency: number | undefined;
  /** Why it is not our chain. Kept until it answers otherwise: one that is away is not forgiven. */
  otherChain: string | undefined;
  isGenesisKnown = false;
  /** It has the block at the speaker's tip: what is above that is really ahead. */
  holdsSpeakersTip = false;
  /** It has the block deep in the speaker's chain by which chains are told apart. */
  sharesAnchor = false;
  lag = 0;
  readonly #clock: Clock;
  readonly #rules: FailoverRules;
  readonly #failures = new Map<string, Failures>();
  #standing: Standing = {state: 'connecting', reason: null, rank: 1};
  #since: number;
  #lagsSince: number | undefined;
  #wellSince: number | undefined;
  #lastSeenAt: number | undefined;
  #relapses = 0;
  /** Times that it was left because it answered and did not do its work. */
  #letdowns = 0;
  /** Monotonic; since when it speaks again because it is preferred. */
  #backSince: number | undefined;
  /** Questions to it that wait for an answer: going on with another one must not wait for one that is silent. */
  readonly #waiting = new Set<(error: EngineError) => void>();

  constructor(source: Source, clock: Clock, rules: FailoverRules) {
    this.source = source;
    this.#clock = clock;
    this.#rules = rules;
    this.#since = clock.now();
  }

  get standing(): Standing {
    return this.#standing;
  }

  get candidate(): Candidate {
    const {wellFor, longestWellFor} = this.#rules;
    return {
      rank: this.#standing.rank,
      wellSince: this.#wellSince,
      wellFor: Math.min(wellFor * 2 ** this.#relapses, longestWellFor),
    };
  }

  /** It failed to say its tip once: only another question tells whether it is away. */
  get isInDoubt(): boolean {
    const times = this.#failures.get(TIP)?.times ?? 0;
    return times > 0 && times < MAKE_A_FAULT;
  }

  /** Whether it is worth a question: one that stays away is asked less and less often, as rarely as the others. */
  get isDue(): boolean {
    const failures = this.#failures.get(TIP);
    if (failures === undefined || failures.times < MAKE_A_FAULT) return true;
    const {probeAgain, probeEvery} = this.#rules;
    const pause = Math.min(probeAgain * 2 ** (failures.times - MAKE_A_FAULT), probeEvery / 2);
    return this.#clock.monotonic() - failures.lastAt >= pause;
  }

  /** The same answer, or what it is given up with, whichever is first. */
  async unlessGivenUp<Value>(asked: Promise<Value>): Promise<Value> {
    const {promise, reject} = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    try {
      return await Promise.race([asked, promise]);
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /** Whoever waits for an answer of it waits no longer. */
  giveUp(error: EngineError): void {
    for (const reject of this.#waiting) reject(error);
  }

  /** It answered this question. */
  answered(what: string): void {
    this.#failures.delete(what);
    this.#lastSeenAt = this.#clock.now();
  }

  failed(what: string, error: EngineError): void {
    const times = (this.#failures.get(what)?.times ?? 0) + 1;
    this.#failures.set(what, {times, code: error.code, words: messageOf(error), lastAt: this.#clock.monotonic()});
    // What answers next may be another node.
    this.isGenesisKnown = false;
  }

  /** A fault at once: whoever says so has asked often enough. */
  distrust(error: EngineError): void {
    const failure = {times: MAKE_A_FAULT, code: error.code, words: messageOf(error), lastAt: this.#clock.monotonic()};
    this.#failures.set(FITTING, failure);
  }

  /** Takes the measure of it again. `lag`: blocks that another has on top of its tip. */
  judge(lag: number, speaks: boolean): Standing {
    const now = this.#clock.monotonic();
    this.lag = lag;
    this.#forgive(now, speaks);
    if (lag === 0) this.#lagsSince = undefined;
    else this.#lagsSince ??= now;
    const before = this.#standing;
    this.#standing = standingOf(this.#observed(), this.#rules, now);
    if (before.state !== this.#standing.state) this.#since = this.#clock.now();
    if (this.#standing.rank > 0) this.#wellSince = undefined;
    else this.#wellSince ??= now;
    const {steadyAfter} = this.#rules;
    if (this.#backSince !== undefined && now - this.#backSince > steadyAfter) this.#relapses = 0;
    if (speaks && this.#wellSince !== undefined && now - this.#wellSince > steadyAfter) this.#letdowns = 0;
    return this.#standing;
  }

  /** It speaks from now on; `back`: because it is preferred, and was well again. */
  beginSpeaking(back: boolean): void {
    this.#backSince = back ? this.#clock.monotonic() : undefined;
  }

  /** It speaks no more; `failed`: because it is not well. Soon after it came back, that is a relapse. */
  endSpeaking(failed: boolean): void {
    if (failed && this.#backSince !== undefined) this.#relapses = Math.min(this.#relapses + 1, 10);
    this.#backSince = undefined;
    const isLetdown = [...this.#failures].some(([what, {times}]) => what !== TIP && times >= MAKE_A_FAULT);
    if (isLetdown) this.#letdowns = Math.min(this.#letdowns + 1, 10);
  }

  view(speaks: boolean): SourceView {
    const {state, reason} = this.#standing;
    const {tip} = this;
    return {
      name: this.source.name,
      type: this.source.type,
      state,
      reason,
      tip: tip && {height: tip.height, hash: tip.hash, time: tip.time},
      latency: this.latency,
      lastSeenAt: this.#lastSeenAt,
      since: this.#since,
      speaks,
    };
  }

  /**
   * Only the question about the tip is asked of one that does not speak; the others would stay failed for ever. That facts
   * do not fit together is told again and again while it is so. Whoever lets down again and again is forgiven ever later:
   * it could claim a tip that it cannot show, and take the word each time.
   */
  #forgive(now: number, speaks: boolean): void {
    const {forgiveAfter, longestWellFor} = this.#rules;
    const later = Math.min(forgiveAfter * 2 ** Math.max(0, this.#letdowns - 1), Math.max(forgiveAfter, longestWellFor));
    for (const [what, {lastAt}] of this.#failures)
      if (speaks ? what === FITTING && now - lastAt > forgiveAfter : what !== TIP && now - lastAt > later)
        this.#failures.delete(what);
  }

  #observed(): Observed {
    const fault = [...this.#failures.values()].find(({times}) => times >= MAKE_A_FAULT);
    return {
      fault: fault && {code: fault.code, words: fault.words},
      otherChain: this.otherChain,
      height: this.tip?.height,
      syncing: this.tip?.syncing ?? false,
      lag: this.lag,
      lagsSince: this.#lagsSince,
    };
  }
}

/** The question about the tip, by which every source is watched. */
export const TIP = 'tip';

/** No question: whether its answers fit together. */
const FITTING = 'facts that fit together';
