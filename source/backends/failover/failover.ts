import type {Hint, NodeTip, SourceView} from '../../chain/ports.ts';
import type {NetworkContext} from '../../payout/sides.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import {Wake} from '../../primitives/wake.ts';
import {chooseSpeaker, NEVER} from './choose-speaker.ts';
import {probe, withPatience, type Anchor, type Landmarks} from './probe.ts';
import {FAILOVER_RULES, type FailoverRules} from './rules.ts';
import {isFault, type Source, TIP, WatchedSource} from './watched-source.ts';

export interface FailoverOptions extends Omit<NetworkContext, 'meter'> {
  readonly rules?: FailoverRules;
}

/**
 * Who speaks. Watches every source, decides by `choose-speaker.ts`, and hands the word over only where the chain loop
 * begins a look, so that all facts of one look come from one source.
 */
export class Speakers {
  readonly #options: FailoverOptions;
  readonly #rules: FailoverRules;
  readonly #watched: readonly WatchedSource[];
  #speaker = 0;
  #next = 0;
  /** The chain loop has not been told of the speaker yet. The first one is news too: who spoke before is not known. */
  #isNews = true;
  #anchor: Anchor | undefined;
  #onHint: ((hint: Hint) => void) | undefined;
  #probing: Promise<void> | undefined;
  readonly #wake = new Wake();

  constructor(sources: readonly Source[], options: FailoverOptions) {
    this.#options = options;
    this.#rules = options.rules ?? FAILOVER_RULES;
    this.#watched = sources.map(source => new WatchedSource(source, options.clock, this.#rules));
  }

  get sources(): readonly Source[] {
    return this.#watched.map(({source}) => source);
  }

  get speaker(): Source {
    return this.#watched[this.#speaker]!.source;
  }

  /**
   * Who is asked what does not belong to a look: the speaker, or who is about to be, then the others in order of
   * preference that answer. None that is on another chain.
   */
  get order(): readonly Source[] {
    const first = this.#watched[this.#next]!;
    const others = this.#watched.filter(other => other !== first && other.standing.rank !== NEVER);
    return [first, ...others].filter(({otherChain}) => otherChain === undefined).map(({source}) => source);
  }

  views(): SourceView[] {
    return this.#watched.map((watched, index) => watched.view(index === this.#speaker));
  }

  /**
   * Watches until the signal aborts. The hints of whoever speaks are passed on, and of the others those that correct what
   * they may have said while they spoke.
   */
  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    this.#onHint = onHint;
    for (const [index, {source}] of this.#watched.entries())
      source.chain.listen(hint => {
        if (index === this.#speaker || hint.kind === 'blocks' || hint.kind === 'anchored') onHint(hint);
      }, signal);
    void this.#keepProbing(signal);
  }

  beginLook(): 'same' | 'changed' {
    if (this.#next !== this.#speaker) this.#handOver();
    const isNews = this.#isNews;
    this.#isNews = false;
    return isNews ? 'changed' : 'same';
  }

  /** The ledger's word counts more than that of a source, and comes before any of them answers. */
  landmark(block: BlockRef): void {
    this.#anchor = {...block, whose: 'the ledger'};
  }

  /** The speaker answers, and what it answers is of no use. Forgiven later, like other failures. */
  distrust(words: string): void {
    const watched = this.#watched[this.#speaker]!;
    const told = `what ${watched.source.name} says does not fit together: ${words}`;
    watched.distrust(new EngineError('bad_backend_answer', told, {retry: 'backoff'}));
    // Told again and again while there is nobody else to ask.
    if (watched.standing.rank !== NEVER) void this.#probeAll();
  }

  /**
   * Asks the speaker. When it fails, every source is looked at; if another one is to speak, the answer is `stale_facts`:
   * to be asked again in a new look.
   */
  async ask<Value>(what: string, question: (source: Source) => Promise<Value>): Promise<Value> {
    const watched = this.#watched[this.#speaker]!;
    try {
      const answer = await watched.unlessGivenUp(question(watched.source));
      watched.answered(what);
      return answer;
    } catch (error) {
      throw await this.failed(watched.source, what, error);
    }
  }

  async tip(): Promise<NodeTip> {
    const watched = this.#watched[this.#speaker]!;
    const impatient = setTimeout(() => void this.#onSilence(watched), this.#rules.patience);
    try {
      const tip = await this.ask(TIP, async ({chain}) => chain.tip());
      watched.tip = tip;
      return tip;
    } finally {
      clearTimeout(impatient);
    }
  }

  /** It has not said its tip for longer than it may: that counts, whatever it answers later. */
  async #onSilence(watched: WatchedSource): Promise<void> {
    const words = `${watched.source.name} did not say its tip within ${this.#rules.patience / 1000} s`;
    watched.failed(TIP, new EngineError('backend_timeout', words, {retry: 'unknown-outcome'}));
    await this.#probeAll();
  }

  /** The same answer, or `stale_facts` as soon as the one that was asked is given up and another one can be asked. */
  async unlessSilent<Value>(source: Source, asked: Promise<Value>): Promise<Value> {
    return this.#watching(source).unlessGivenUp(asked);
  }

  /** Notes a failure of the one that was asked; what is to be thrown for it. */
  async failed(source: Source, what: string, error: unknown): Promise<unknown> {
    const watched = this.#watching(source);
    if (!isFault(error)) return error;
    watched.failed(what, error);
    await this.#probeAll();
    return this.#next === this.#speaker ? error : this.#givenUp(watched);
  }

  answered(source: Source, what: string): void {
    this.#watching(source).answered(what);
  }

  #watching(source: Source): WatchedSource {
    return this.#watched.find(one => one.source === source)!;
  }

  async #keepProbing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#probeAll();
      const {probeAgain, probeEvery} = this.#rules;
      await this.#wake.sleep(this.#watched.some(({isInDoubt}) => isInDoubt) ? probeAgain : probeEvery, signal);
    }
  }

  /** One round at a time: who asks while one is under way shares it. Never rejects for what a source did. */
  async #probeAll(): Promise<void> {
    this.#probing ??= this.#probeOnce().finally(() => (this.#probing = undefined));
    await this.#probing;
  }

  async #probeOnce(): Promise<void> {
    const speaker = this.#watched[this.#speaker]!;
    let due = this.#watched.filter(({isDue}) => isDue);
    // Before anything is known of the chain, the others have nothing to be compared with.
    if (this.#anchor === undefined && speaker.isDue) {
      await this.#probe(speaker, this.#landmarks);
      await this.#dropAnchor();
      due = due.filter(watched => watched !== speaker);
    }
    const landmarks = this.#landmarks;
    await Promise.all(due.map(async watched => this.#probe(watched, landmarks)));
    await this.#dropAnchor();
    this.#decide();
  }

  get #landmarks(): Landmarks {
    const {source, tip} = this.#watched[this.#speaker]!;
    return {speaker: source.name, anchor: this.#anchor, tip};
  }

  async #probe(watched: WatchedSource, landmarks: Landmarks): Promise<void> {
    const {network} = this.#options;
    try {
      const probed = await probe(watched, landmarks, network, this.#rules);
      watched.tip = probed.tip;
      watched.latency = probed.latency;
      watched.otherChain = probed.otherChain;
      watched.isGenesisKnown = probed.isGenesisKnown;
      watched.holdsSpeakersTip = probed.holdsSpeakersTip;
      watched.sharesAnchor = probed.sharesAnchor;
      watched.answered(TIP);
    } catch (error) {
      if (isFault(error)) watched.failed(TIP, error);
      else if (!(error instanceof EngineError)) this.#onMistake(watched, error);
      // Else its chain moved between two answers: the next look tells.
    }
  }

  /** What a backend should not have thrown must not end the engine for one that may not even speak. */
  #onMistake(watched: WatchedSource, error: unknown): void {
    const {log, coin} = this.#options;
    const {name} = watched.source;
    log.error({coin: coin.name, backend: name, error: messageOf(error)}, 'a backend failed unexpectedly');
    const words = `${name} failed unexpectedly: ${messageOf(error)}`;
    watched.failed(TIP, new EngineError('bad_backend_answer', words, {retry: 'backoff', cause: error}));
  }

  /** Remembers a block deep in the speaker's chain, unless the speaker itself is in doubt. A young ledger holds none. */
  async #dropAnchor(): Promise<void> {
    const speaker = this.#watched[this.#speaker]!;
    const {source, tip, otherChain} = speaker;
    const height = Math.max(0, (tip?.height ?? 0) - this.#rules.anchorDepth);
    if (tip === undefined || otherChain !== undefined || (this.#anchor?.height ?? -1) >= height) return;
    if (speaker.isInDoubt || !speaker.isDue) return;
    // On the chain of the one before; it may have been asked for its tip only.
    if (this.#anchor !== undefined && !speaker.sharesAnchor) return;
    try {
      const asked = source.chain.hashesAt([height]);
      const [hash] = await withPatience(`${source.name} did not say a block hash`, this.#rules.patience, asked);
      if (hash !== undefined) this.#anchor = {height, hash, whose: source.name};
    } catch (error) {
      // Else the next look at its tip tells what is wrong with it.
      if (!(error instanceof EngineError)) this.#onMistake(speaker, error);
      else if (error.code === 'backend_timeout') speaker.failed(TIP, error);
    }
  }

  #decide(): void {
    const {clock} = this.#options;
    for (const [index, watched] of this.#watched.entries())
      watched.judge(this.#lagOf(watched), index === this.#speaker);
    const candidates = this.#watched.map(({candidate}) => candidate);
    this.#next = chooseSpeaker(candidates, this.#speaker, clock.monotonic());
    // One that is well ends what it is being asked; one that is silent would be waited for until its timeout.
    if (candidates.some(({rank}) => rank !== NEVER))
      for (const watched of this.#watched) if (watched.standing.rank === NEVER) watched.giveUp(this.#givenUp(watched));
    if (this.#next === this.#speaker) return;
    if (this.#onHint) this.#onHint({kind: 'everything'});
    // No loop follows the chain: there is nothing that a switch could tear apart.
    else this.#handOver();
  }

  /**
   * Others are measured by the speaker; the speaker by those whose chain goes on from its tip, or is much longer. What one
   * that cannot be asked says of its tip counts no more.
   */
  #lagOf(watched: WatchedSource): number {
    const speaker = this.#watched[this.#speaker]!;
    const {tip} = watched;
    if (tip === undefined) return 0;
    const leads = (watched === speaker ? this.#watched : [speaker]).map(other => {
      const lead = other.otherChain === undefined && other.tip ? other.tip.height - tip.height : 0;
      if (other !== speaker && other.standing.rank === NEVER) return 0;
      if (watched !== speaker || other.holdsSpeakersTip) return lead;
      return other.sharesAnchor && lead >= this.#rules.behindBlocks ? lead : 0;
    });
    return Math.max(0, ...leads);
  }

  #givenUp({source}: WatchedSource): EngineError {
    const words = `${source.name} is not asked any more: ${this.#watched[this.#next]!.source.name} speaks`;
    return new EngineError('stale_facts', words, {retry: 'backoff'});
  }

  #handOver(): void {
    const {coin, log} = this.#options;
    const before = this.#watched[this.#speaker]!;
    const isBack = before.standing.rank <= 1;
    before.endSpeaking(!isBack);
    this.#speaker = this.#next;
    const after = this.#watched[this.#speaker]!;
    after.beginSpeaking(isBack);
    this.#isNews = true;
    const fields = {coin: coin.name, from: before.source.name, to: after.source.name};
    if (isBack) log.info(fields, 'the preferred backend has been well for a while and speaks again');
    else log.warn({...fields, reason: before.standing.reason}, 'another backend speaks');
  }
}
