import type {SeveralSources, SourceView} from '../chain/ports.ts';
import type {Coin} from '../coins/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {AgreementStore, DepositToAgree} from '../store/agreement-store.ts';
import type {AgreementPolicy, TrackPolicy} from '../store/chain-store.ts';
import {askSource, type Answer} from './ask-source.ts';
import type {Loop, Round, RoundContext} from './loop.ts';
import {SignsOfLife} from './signs-of-life.ts';

export interface AgreeOptions {
  readonly coin: Coin;
  readonly sources: SeveralSources;
  readonly store: AgreementStore & {onCommit(listener: () => void): () => void};
  readonly policy: TrackPolicy & {readonly agreement: AgreementPolicy};
  readonly clock: Clock;
  readonly log: Log;
  /** ms before one source is asked about the same deposit again; 5,000 unless said. */
  readonly askAgain?: number;
}

/** A deposit that waits, and why. */
export interface Waiting {
  readonly id: number;
  readonly words: string;
  readonly isDenied: boolean;
}

export interface Agree extends Loop {
  /** Oldest first, at most as many as are asked about at once. */
  waiting(): readonly Waiting[];
}

const AT_ONCE = 500;
const IDLE = 60_000;

/**
 * Asks each backend about large deposits that have their confirmations, until enough of them say the same. What a
 * backend denies is asked twice before it counts: one that goes by scripts may hear of a block before what is in it.
 */
export const createAgree = (options: AgreeOptions): Agree => {
  const asking = new Asking(options);
  const wake = new Wake();
  options.store.onCommit(() => wake.ring());
  return {
    name: 'agree',
    coin: options.coin.name,
    wake,
    stallAfter: 300_000,
    round: async context => asking.round(context),
    waiting: () => asking.waiting,
  };
};

class Asking {
  waiting: readonly Waiting[] = [];
  readonly #options: AgreeOptions;
  readonly #askAgain: number;
  readonly #signs = new SignsOfLife();
  /** What each source said last of each deposit in its block, and when. */
  #last = new Map<string, {readonly answer: Answer; readonly at: number}>();

  constructor(options: AgreeOptions) {
    this.#options = options;
    this.#askAgain = options.askAgain ?? 5_000;
  }

  async round(context: RoundContext): Promise<Round> {
    this.#signs.begin(context);
    const {store, policy, sources} = this.#options;
    const before = await store.depositsToAgree(policy, AT_ONCE);
    this.#forgetAllBut(before);
    let after = before;
    for (const view of after.length === 0 ? [] : sources.list()) {
      if (context.signal.aborted) return {sleep: 0};
      await this.#ask(view, after);
      context.progress();
      after = await store.depositsToAgree(policy, AT_ONCE);
    }
    await this.#explain(after);
    if (after.length === 0) return {sleep: IDLE, detail: 'nothing waits'};
    return {sleep: this.#askAgain, waitingFor: `${after.length} deposits wait for another backend to say the same`};
  }

  async #ask(view: SourceView, deposits: readonly DepositToAgree[]): Promise<void> {
    const {sources, clock} = this.#options;
    const now = clock.monotonic();
    const open = deposits.filter(deposit => {
      const last = this.#last.get(keyOf(view.name, deposit));
      const isDue = last === undefined || now - last.at >= this.#askAgain;
      return isDue && deposit.said.get(view.name)?.says !== 'agreed';
    });
    if (open.length === 0) return;
    const away = awayWords(view);
    let answers: Map<number, Answer> | undefined;
    let words = away;
    if (away === undefined)
      try {
        answers = await askSource(view.name, this.#signs.around(sources.chainOf(view.name)), open);
      } catch (error) {
        // Its state, which is shown as such, and no failure of this loop.
        if (!(error instanceof EngineError)) throw error;
        words = `${view.name} does not answer: ${messageOf(error)}`;
      }
    for (const deposit of open)
      await this.#note(view.name, deposit, answers?.get(deposit.id) ?? {kind: 'unknown', words: words ?? ''});
  }

  async #note(source: string, deposit: DepositToAgree, answer: Answer): Promise<void> {
    const {store, policy, clock, log, coin} = this.#options;
    const key = keyOf(source, deposit);
    const isSaidTwice = this.#last.get(key)?.answer.kind === answer.kind;
    this.#last.set(key, {answer, at: clock.monotonic()});
    const {id, outpoint, block} = deposit;
    if (answer.kind === 'unknown' || (answer.kind === 'denied' && !isSaidTwice)) return;
    const verdict = answer.kind === 'agreed' ? {says: answer.kind} : {says: answer.kind, words: answer.words};
    if (verdict.says === 'denied' && deposit.said.get(source)?.says !== 'denied')
      log.error(
        {coin: coin.name, deposit: id, ...outpoint, source, words: verdict.words},
        'a deposit is denied by a backend: it is not credited',
      );
    await store.recordVerdict(id, {source, block: block.hash, verdict}, policy, clock.now());
  }

  /** Why each one waits, where people see it. */
  async #explain(deposits: readonly DepositToAgree[]): Promise<void> {
    const {store, policy} = this.#options;
    const waiting: Waiting[] = [];
    for (const deposit of deposits) {
      const words = this.#words(deposit, policy.agreement.sources);
      const isDenied = [...deposit.said.values()].some(({says}) => says === 'denied');
      waiting.push({id: deposit.id, words, isDenied});
      if (words !== deposit.waitsFor) await store.noteWaiting(deposit.id, words);
    }
    this.waiting = waiting;
  }

  #words(deposit: DepositToAgree, needed: number): string {
    const {said, block} = deposit;
    const names = this.#options.sources.list().map(({name}) => name);
    const agreed = names.filter(name => said.get(name)?.says === 'agreed');
    const others = names.flatMap(name => {
      const verdict = said.get(name);
      if (verdict?.says === 'agreed') return [];
      if (verdict !== undefined) return [verdict.words];
      const answer = this.#last.get(keyOf(name, deposit))?.answer;
      return answer === undefined || answer.kind === 'agreed' ? [] : [answer.words];
    });
    const heard = `${agreed.length} of ${needed} backends say that it is in block ${block.height}`;
    return ['waits for another backend to agree', heard, ...others].join('; ').slice(0, 1000);
  }

  #forgetAllBut(deposits: readonly DepositToAgree[]): void {
    const names = this.#options.sources.list().map(({name}) => name);
    const kept = new Set(deposits.flatMap(deposit => names.map(name => keyOf(name, deposit))));
    for (const key of this.#last.keys()) if (!kept.has(key)) this.#last.delete(key);
  }
}

const keyOf = (source: string, {id, block}: DepositToAgree): string => `${id} ${block.hash} ${source}`;

/** One that is known not to answer, or to be on another chain, is not asked: a question may take its whole deadline. */
const awayWords = ({name, state, reason}: SourceView): string | undefined =>
  state === 'down' || state === 'warming_up' || state === 'wrong_chain'
    ? `${name} is ${state.replaceAll('_', ' ')}${reason === null ? '' : `: ${reason}`}`
    : undefined;
