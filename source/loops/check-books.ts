import type {AddressSource, CoinSource} from '../chain/ports.ts';
import type {Coin} from '../coins/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {messageOf} from '../primitives/errors.ts';
import {outpointKey, type BlockHash, type Outpoint, type Txid} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import {sum} from '../primitives/amount.ts';
import {Wake} from '../primitives/wake.ts';
import type {ChainStore, Inspection, Owned} from '../store/chain-store.ts';
import type {Loop, Round, RoundContext} from './loop.ts';
import {SignsOfLife} from './signs-of-life.ts';

export interface CheckBooksOptions {
  readonly coin: Coin;
  readonly store: Pick<
    ChainStore,
    'ladderTop' | 'checkBooks' | 'ownOutpoints' | 'unspentTotal' | 'unspentOutpoints' | 'lastBooks'
  > & {
    onCommit(listener: () => void): () => void;
  };
  readonly addresses: Pick<AddressSource, 'walletCoins' | 'walletTotal'>;
  /** Asked of single coins, where the backend can tell. */
  readonly coins?: CoinSource | undefined;
  /**
   * The node's tip as tracking saw it last. While the ladder catches up with it, only the ledger's own sums are checked:
   * the node has blocks to hand out, and its wallet is ahead of us. Undefined before the first look, after which the
   * rest is checked at once. Without it, the node is asked at every tip.
   */
  readonly nodeTip?: () => BlockHash | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Each kind of look may take this share of the time, however large ledger and wallet are. */
const DUTY = 0.01;
/** A drift counts when a second check at the same tip agrees. */
const SECOND_LOOK = 500;
/** A drift is looked at again without a new block too: a rescan may have found what was missing. */
const WHILE_DRIFTING = 5_000;
const IDLE = 60_000;
/** While nothing is known of the node's tip: tracking looks at once, or waits for a node that is away. */
const UNTIL_TIP_KNOWN = 1_000;
/** Coins asked of the node in each round, in turn; those under suspicion come on top. */
const SPOT_CHECKS = 100;
const MOST_SUSPECTS = 500;
const SLICE = 5_000;

/**
 * Checks the books at each tip of the ladder, spot-checks our coins in the node's own set, and now and then compares
 * with the node's wallet: for coins that are not ours, and for coins of ours that it lacks.
 */
export const createCheckBooks = (options: CheckBooksOptions): Loop => {
  const wake = new Wake();
  const checker = new BooksChecker(options);
  options.store.onCommit(() => wake.ring());
  return {
    name: 'check-books',
    coin: options.coin.name,
    wake,
    stallAfter: 120_000,
    round: async context => checker.round(context),
  };
};

class BooksChecker {
  readonly #options: CheckBooksOptions;
  readonly #signs = new SignsOfLife();
  #checkedTip: BlockHash | undefined;
  /** The last check asked the node nothing, as its tip was not known. */
  #isNodeOwed = false;
  /** ms; undefined while the books balance. */
  #lookAgainAfter: number | undefined;
  #booksDueAt = 0;
  #walletDueAt = 0;
  #untracked: bigint | undefined;
  #spotsDueAt = 0;
  /** Where the spot checks go on. */
  #position = 0;
  /** Coins that were not as they should be, or that the wallet does not list: asked for again. */
  #suspected: readonly Outpoint[] = [];
  /** What the node said last to be different; holds until it says otherwise. Undefined before the first look. */
  #differing: Inspection['differing'] | undefined;
  #detail = 'not checked yet';

  constructor(options: CheckBooksOptions) {
    const {addresses, coins} = options;
    this.#options = {
      ...options,
      addresses: this.#signs.around(addresses),
      ...(coins && {coins: this.#signs.around(coins)}),
    };
  }

  async round(context: RoundContext): Promise<Round> {
    this.#signs.begin(context);
    const {store, clock} = this.#options;
    const top = await store.ladderTop();
    const now = clock.monotonic();
    const isNews = top !== undefined && top.hash !== this.#checkedTip;
    const nodeTip = this.#options.nodeTip === undefined ? top?.hash : this.#options.nodeTip();
    const isDue = isNews || this.#lookAgainAfter !== undefined || now >= this.#spotsDueAt;
    if (top === undefined || !(isDue || (this.#isNodeOwed && nodeTip !== undefined))) return this.#rest();
    if (now < this.#booksDueAt) return {sleep: this.#booksDueAt - now, detail: this.#detail};
    const isBehind = nodeTip !== top.hash;
    this.#isNodeOwed = nodeTip === undefined;
    if (!isBehind) await this.#askWallet();
    const inspection = await (isBehind ? this.#asBefore(top.hash) : this.#inspect(top.hash));
    await this.#check(isNews, inspection);
    // The one seen before the check: had the ladder moved meanwhile, the newer one is still news.
    this.#checkedTip = top.hash;
    return this.#rest();
  }

  #rest(): Round {
    const pause = this.#isNodeOwed ? UNTIL_TIP_KNOWN : IDLE;
    return {sleep: this.#lookAgainAfter ?? pause, detail: this.#detail};
  }

  async #check(isNews: boolean, inspection: Inspection | undefined): Promise<void> {
    const {store, clock} = this.#options;
    const started = clock.monotonic();
    const books = await store.checkBooks(this.#untracked, clock.now(), inspection);
    const took = clock.monotonic() - started;
    const isBalanced = /^-?0\.?0*$/.test(books.drift);
    const wasBalanced = this.#lookAgainAfter === undefined;
    this.#lookAgainAfter = isBalanced ? undefined : isNews || wasBalanced ? SECOND_LOOK : WHILE_DRIFTING;
    this.#spotsDueAt = clock.monotonic() + IDLE;
    this.#booksDueAt = clock.monotonic() + Math.max(took / DUTY, this.#lookAgainAfter ?? 0);
    this.#detail = isBalanced ? `balanced at ${books.height}` : `drift ${books.drift} at ${books.height}`;
  }

  /** `untracked` is for the operator's eyes: an old figure serves while the node is away or slow. */
  async #askWallet(): Promise<void> {
    const {clock, log, coin} = this.#options;
    const started = clock.monotonic();
    if (started < this.#walletDueAt) return;
    try {
      this.#untracked = await this.#sumUntracked();
    } catch (error) {
      log.debug({coin: coin.name}, `untracked coins not asked: ${messageOf(error)}`);
    }
    const ended = clock.monotonic();
    this.#walletDueAt = ended + (ended - started) / DUTY;
  }

  /** Coins are listed only when the totals differ: 100,000 of them cost the node seconds. */
  async #sumUntracked(): Promise<bigint | undefined> {
    const {addresses, store} = this.#options;
    const [held, ours] = await Promise.all([addresses.walletTotal(), store.unspentTotal()]);
    if (held === undefined) return undefined;
    if (held === ours) return 0n;
    const coins = await addresses.walletCoins();
    const own = await store.ownOutpoints(coins.map(({outpoint}) => outpoint));
    const untracked = sum(coins.filter((_, index) => !own[index]).map(({amount}) => amount));
    // What is ours and explains the rest of the difference, the wallet does not have.
    if (held - ours !== untracked) await this.#suspectUnlisted(coins);
    return untracked;
  }

  /** Ours and not on the wallet's list, where locked coins never are. Whether they are gone the node's own set says. */
  async #suspectUnlisted(coins: readonly {outpoint: Outpoint}[]): Promise<void> {
    const listed = new Set(coins.map(({outpoint}) => outpointKey(outpoint)));
    const unlisted: Outpoint[] = [];
    let position = 0;
    do {
      const slice: {outpoints: Owned[]; next: number} = await this.#options.store.unspentOutpoints(position, SLICE);
      for (const {outpoint, isReserved} of slice.outpoints)
        if (!isReserved && !listed.has(outpointKey(outpoint))) unlisted.push(outpoint);
      position = slice.next;
    } while (position !== 0 && unlisted.length < MOST_SUSPECTS);
    this.#suspected = [...this.#suspected, ...unlisted].slice(0, MOST_SUSPECTS);
  }

  /** What the node said before: nothing new is concluded. */
  async #asBefore(tip: BlockHash): Promise<Inspection | undefined> {
    this.#differing ??= await this.#rememberDiffering();
    return this.#differing.length > 0 ? {tip, differing: this.#differing} : undefined;
  }

  /** What the node said before when it cannot be asked, or is elsewhere. */
  async #inspect(tip: BlockHash): Promise<Inspection | undefined> {
    const {coins, store, log, coin} = this.#options;
    if (!coins) return undefined;
    const asBefore = await this.#asBefore(tip);
    const slice = await store.unspentOutpoints(this.#position, SPOT_CHECKS);
    const asked = new Map(
      [...this.#suspected, ...slice.outpoints.map(({outpoint}) => outpoint)].map(outpoint => [
        outpointKey(outpoint),
        outpoint,
      ]),
    );
    try {
      const outpoints = [...asked.values()];
      const inspected = await coins.inspect(outpoints);
      if (inspected.tip !== tip) return asBefore;
      const amounts = new Map(slice.outpoints.map(({outpoint, amount}) => [outpointKey(outpoint), amount]));
      const answers = outpoints.map((outpoint, index) => ({outpoint, found: inspected.amounts[index]}));
      // The amounts of those under suspicion are compared by the store.
      const differing = answers.filter(({outpoint, found}) => found !== amounts.get(outpointKey(outpoint)));
      this.#position = slice.next;
      this.#suspected = differing.filter(({found}) => found === undefined).map(({outpoint}) => outpoint);
      this.#differing = differing;
      return {tip, differing};
    } catch (error) {
      log.debug({coin: coin.name}, `single coins not asked: ${messageOf(error)}`);
      return asBefore;
    }
  }

  /** A restart must not make a drift look cured. */
  async #rememberDiffering(): Promise<Inspection['differing']> {
    const suspects = (await this.#options.store.lastBooks())?.suspects ?? [];
    const outpoints = suspects
      .filter(({problem}) => problem !== 'spent_by_hand')
      .map(({txid, vout}) => ({txid: txid as Txid, vout}));
    this.#suspected = [...this.#suspected, ...outpoints];
    return outpoints.map(outpoint => ({outpoint, found: undefined}));
  }
}
