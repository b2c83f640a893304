import type {GoneTransaction, RelevantTransaction} from '../chain/facts.ts';
import type {ChainSource, Hint, NodeTip, SourceView} from '../chain/ports.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import type {Coin, Network} from '../coins/index.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import type {Txid} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {ChainStore, TrackPolicy} from '../store/chain-store.ts';
import type {JobStore} from '../store/job-store.ts';
import type {LedgerIdentity} from '../store/store.ts';
import {BackendWatch, type BackendState, type BackendTeller, type ChainView} from './backend-watch.ts';
import {applyFacts, factsOfBlocks, wasOvertaken} from './connect-blocks.ts';
import {ancestorsInMempool} from './find-ancestors.ts';
import {ChainFollower} from './follow-chain.ts';
import {HintBox, type Hinted} from './hint-box.ts';
import {LookTimes, type LookTimesOptions} from './look-times.ts';
import type {Loop, Round, RoundContext} from './loop.ts';
import {lookAgain} from './look-again.ts';
import {MempoolWatch} from './mempool-watch.ts';
import {NodeIdentity} from './node-identity.ts';
import {SignsOfLife} from './signs-of-life.ts';
import {ladderEnds, tellLandmark} from './stand-to-node.ts';

export type {ChainView} from './backend-watch.ts';

export interface TrackChainOptions extends LookTimesOptions {
  readonly coin: Coin;
  readonly network: Network;
  readonly chain: ChainSource;
  readonly store: ChainStore & JobStore & BackendTeller & {readonly identity: LedgerIdentity};
  readonly policy: TrackPolicy;
  /** Filled from the store by the first round. Whoever makes an address adds its script here before telling anybody. */
  readonly watch: WatchSet;
  readonly log: Log;
  /** Called at every (re)connection: another wallet may be there. Facts of the chain need none, and never wait for it. */
  readonly onConnected?: () => void;
  /** Name of the backend in events. */
  readonly backend?: string;
  /** Of several sources behind `chain`: how each stands, and which one speaks. */
  readonly sources?: () => readonly SourceView[];
}

export interface TrackChain {
  readonly loop: Loop;
  view(): ChainView;
  /** Looks at these at once, whoever says so. */
  hint(hints: readonly Hint[]): void;
}

/** ms; the first and the longest pause after the chain moved under a look. */
const OVERTAKEN_PAUSE = {first: 20, longest: 1_000};
/** Looks in a row, and ms, after which it is no chain that moves but a node whose answers do not fit together. */
const OVERTAKEN_PATIENCE = {looks: 20, time: 60_000};

/**
 * Follows the node's chain and mempool: fetches what changed, applies it in one transaction per step. The node is
 * compared with the ladder in every look; while it is away, behind or another chain, nothing changes.
 */
export const createTrackChain = (options: TrackChainOptions): TrackChain => {
  const tracker = new Tracker(options);
  return {
    loop: {
      name: 'track-chain',
      coin: options.coin.name,
      wake: tracker.wake,
      stallAfter: 120_000,
      round: async context => tracker.round(context),
    },
    view: () => tracker.view,
    hint: hints => hints.forEach(hint => tracker.hint(hint)),
  };
};

class Tracker {
  readonly wake = new Wake();
  readonly #options: TrackChainOptions;
  readonly #backend: BackendWatch;
  readonly #identity: NodeIdentity;
  readonly #follower: ChainFollower;
  readonly #mempool: MempoolWatch;
  readonly #hints = new HintBox();
  readonly #times: LookTimes;
  readonly #signs = new SignsOfLife();
  #isStarted = false;
  /** The last look ended with the ladder at the node's tip; only then the mempool says anything. */
  #isAtTip = false;
  /** Looks in a row that the chain overtook, and since when (monotonic ms). */
  #overtaken: {readonly looks: number; readonly since: number} | undefined;

  constructor(options: TrackChainOptions) {
    const chain = this.#signs.around(options.chain);
    this.#options = {...options, chain};
    const {clock, store, backend = 'bitcoind', sources} = options;
    this.#times = new LookTimes(options);
    this.#backend = new BackendWatch(clock, store, backend, sources);
    this.#identity = new NodeIdentity(this.#options);
    this.#follower = new ChainFollower(this.#options, this.#backend);
    this.#mempool = new MempoolWatch(chain, options.watch, options.coin.format);
  }

  get view(): ChainView {
    return this.#backend.view;
  }

  async round(context: RoundContext): Promise<Round> {
    this.#signs.begin(context);
    if (!this.#isStarted) await this.#start(context.signal);
    if (this.#options.chain.beginLook?.() === 'changed') this.#startOver();
    const hinted = this.#hints.take();
    try {
      await this.#look(hinted, context);
      this.#overtaken = undefined;
      // They wait for the ladder to stand at the tip again.
      if (!this.#isAtTip) this.#hints.putBack(hinted);
    } catch (error) {
      this.#hints.putBack(hinted);
      if (context.signal.aborted) return {sleep: 0};
      if (wasOvertaken(error)) return this.#afterOvertaking(error);
      // Names that hints gave are lost with the step: only a look at everything finds what they were about.
      this.#times.dueAtOnce();
      this.#onNodeError(error);
    }
    return this.#rest(await this.#backend.announce());
  }

  async #start(signal: AbortSignal): Promise<void> {
    const {store, watch, chain} = this.#options;
    for (const script of store.watchedScripts()) {
      watch.addScript(script);
      chain.watchScript?.(script);
    }
    for (const outpoint of store.watchedOutpoints()) watch.addOutpoint(outpoint);
    await tellLandmark(chain, store);
    chain.listen(hint => this.hint(hint), signal);
    this.#isStarted = true;
  }

  hint(hint: Hint): void {
    this.#hints.put(hint);
    this.wake.ring();
  }

  /** The chain moved under a look: another one soon. What never comes to an end is said. */
  async #afterOvertaking(error: EngineError): Promise<Round> {
    const {log, coin, clock} = this.#options;
    log.debug({coin: coin.name}, `looking again: ${messageOf(error)}`);
    this.#times.dueAtOnce();
    const {looks, since} = this.#overtaken ?? {looks: 0, since: clock.monotonic()};
    this.#overtaken = {looks: looks + 1, since};
    const sleep = Math.min(OVERTAKEN_PAUSE.first * 2 ** (looks + 1), OVERTAKEN_PAUSE.longest);
    const isOver = looks >= OVERTAKEN_PATIENCE.looks && clock.monotonic() - since >= OVERTAKEN_PATIENCE.time;
    if (!isOver) return {sleep, detail: 'the chain moves'};
    const words = `what the node says does not fit together, look after look: ${messageOf(error)}; payouts wait`;
    this.#options.chain.distrust?.(messageOf(error));
    this.#backend.becomes('stalled', words, {reason: 'node_behind', words});
    await this.#backend.announce();
    return {sleep, waitingFor: words};
  }

  /** How long to sleep, and what to say of it. */
  #rest(isAnnouncing: boolean): Round {
    const {state, reason, tip, blocked} = this.view;
    const sleep = Math.min(this.#times.untilNext(this.#isAtTip), isAnnouncing ? 250 : Number.POSITIVE_INFINITY);
    if (state !== 'ok' || blocked) return {sleep, waitingFor: reason ?? state};
    return {sleep, detail: tip ? `at ${tip.height}` : 'ok'};
  }

  /** Names of mempool transactions are looked at first: they are what somebody waits for. */
  async #look(hinted: Hinted, context: RoundContext): Promise<void> {
    // A channel was lost and came again: perhaps with another node, or with this one started anew.
    if (hinted.everything) this.#identity.doubt();
    this.#times.noteHints(hinted.everything);
    this.#mempool.forget(hinted.removed);
    if (this.#isAtTip && hinted.added.length > 0) await this.#lookAtNames(hinted);
    else if (hinted.added.length > 0) this.#times.mempoolDueAtOnce();
    if (hinted.removed.length > 0 && (await this.#areOurs(hinted.removed))) this.#times.mempoolDueAtOnce();
    if (hinted.block || this.#times.isTipDue || this.#times.isMempoolDue) await this.#lookAtNode(context);
    if (this.#isAtTip) await lookAgain(this.#options, hinted, context);
  }

  async #lookAtNames({added}: Hinted): Promise<void> {
    await this.#apply(await this.#mempool.lookAt(added), []);
  }

  async #apply(seen: readonly RelevantTransaction[], gone: readonly GoneTransaction[]): Promise<void> {
    if (seen.length === 0 && gone.length === 0) return;
    const {top} = await ladderEnds(this.#options.store);
    await applyFacts(this.#options, {tip: top, fork: undefined, connected: [], seen, gone});
    this.#mempool.remember(seen);
  }

  async #areOurs(txids: readonly Txid[]): Promise<boolean> {
    const named = new Set(txids);
    return (await this.#options.store.unanchoredTransactions()).some(({txid}) => named.has(txid));
  }

  async #lookAtNode(context: RoundContext): Promise<void> {
    this.#isAtTip = false;
    const tip = await this.#options.chain.tip();
    this.#backend.sawTip(tip);
    const refusal = await this.#identity.refusal(tip);
    if (refusal) {
      this.#backend.becomes(refusal.state, refusal.words, {reason: 'node_behind', words: refusal.words});
      return this.#times.tipLooked(false);
    }
    const {isAtTip, mempoolIsDue, moved} = await this.#follower.follow(tip, context);
    this.#isAtTip = isAtTip;
    this.#mempool.forget(moved);
    if (!isAtTip) this.#mempool.forgetAbsences();
    if (mempoolIsDue) this.#times.mempoolDueAtOnce();
    this.#times.tipLooked(isAtTip);
    if (isAtTip && this.#times.isMempoolDue) await this.#lookAtMempool(tip, context);
  }

  async #lookAtMempool(tip: NodeTip, context: RoundContext): Promise<void> {
    const {store, clock} = this.#options;
    const started = clock.monotonic();
    const look = await this.#mempool.lookAtAll(await store.unanchoredTransactions(), () => context.progress());
    // A block that came meanwhile may hold what the mempool no longer does.
    const hasMoved = (look.gone.length > 0 || look.mustLookAgain) && (await this.#hasMoved(tip));
    if (hasMoved) this.#mempool.forgetAbsences();
    await this.#apply(look.seen, hasMoved ? [] : look.gone);
    await this.#learnAncestors();
    this.#times.mempoolLooked(started, look.mustLookAgain);
    if (hasMoved) this.#times.dueAtOnce();
  }

  /** What payments of ours stem from after a reorganisation, as far as it waits for a block again. */
  async #learnAncestors(): Promise<void> {
    const {coin, store} = this.#options;
    const ancestors = await ancestorsInMempool({...this.#options, format: coin.format});
    if (ancestors.length === 0) return;
    const {top} = await ladderEnds(store);
    await applyFacts(this.#options, {...factsOfBlocks(top, []), ancestors});
  }

  async #hasMoved(tip: NodeTip): Promise<boolean> {
    return (await this.#options.chain.tip()).hash !== tip.hash;
  }

  /** Another source answers: what was learned of the one before says nothing about it. */
  #startOver(): void {
    this.#overtaken = undefined;
    this.#identity.doubt();
    this.#mempool.forgetAbsences();
    this.#follower.doubt();
    this.#isAtTip = false;
    this.#times.dueAtOnce();
  }

  #onNodeError(error: unknown): void {
    const state = error instanceof EngineError ? stateOf(error.code) : undefined;
    if (state === undefined) throw error;
    this.#identity.doubt();
    this.#mempool.forgetAbsences();
    this.#times.mempoolDueAtOnce();
    this.#times.tipLooked(false);
    this.#backend.becomes(state, messageOf(error), undefined);
  }
}

/** What a node's failure means for the view; undefined for errors that are not the node's. */
const stateOf = (code: string): BackendState | undefined => {
  if (code === 'backend_warming_up') return 'warming_up';
  return code.startsWith('backend_') || code === 'bad_backend_answer' || code === 'block_pruned' ? 'down' : undefined;
};
