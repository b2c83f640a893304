import type {AddressSource} from '../chain/ports.ts';
import type {Coin} from '../coins/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {messageOf} from '../primitives/errors.ts';
import type {BlockHash} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import {sum} from '../primitives/amount.ts';
import {Wake} from '../primitives/wake.ts';
import type {ChainStore} from '../store/chain-store.ts';
import type {Loop, Round} from './loop.ts';

export interface CheckBooksOptions {
  readonly coin: Coin;
  readonly store: Pick<ChainStore, 'ladderTop' | 'checkBooks' | 'ownOutpoints' | 'unspentTotal'> & {
    onCommit(listener: () => void): () => void;
  };
  readonly addresses: Pick<AddressSource, 'walletCoins' | 'walletTotal'>;
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

/** Checks the books at each tip of the ladder, and now and then asks the wallet for coins that are not ours. */
export const createCheckBooks = (options: CheckBooksOptions): Loop => {
  const wake = new Wake();
  const checker = new BooksChecker(options);
  options.store.onCommit(() => wake.ring());
  return {
    name: 'check-books',
    coin: options.coin.name,
    wake,
    stallAfter: 120_000,
    round: async () => checker.round(),
  };
};

class BooksChecker {
  readonly #options: CheckBooksOptions;
  #checkedTip: BlockHash | undefined;
  /** ms; undefined while the books balance. */
  #lookAgainAfter: number | undefined;
  #booksDueAt = 0;
  #walletDueAt = 0;
  #untracked: bigint | undefined;
  #detail = 'not checked yet';

  constructor(options: CheckBooksOptions) {
    this.#options = options;
  }

  async round(): Promise<Round> {
    const {store, clock} = this.#options;
    const top = await store.ladderTop();
    const now = clock.monotonic();
    const isNews = top !== undefined && top.hash !== this.#checkedTip;
    if (!isNews && this.#lookAgainAfter === undefined) return {sleep: IDLE, detail: this.#detail};
    if (now < this.#booksDueAt) return {sleep: this.#booksDueAt - now, detail: this.#detail};
    await this.#askWallet();
    await this.#check(isNews);
    return {sleep: this.#lookAgainAfter ?? IDLE, detail: this.#detail};
  }

  async #check(isNews: boolean): Promise<void> {
    const {store, clock} = this.#options;
    const started = clock.monotonic();
    const books = await store.checkBooks(this.#untracked, clock.now());
    const took = clock.monotonic() - started;
    this.#checkedTip = (await store.ladderTop())?.hash;
    const isBalanced = /^-?0\.?0*$/.test(books.drift);
    this.#lookAgainAfter = isBalanced ? undefined : isNews ? SECOND_LOOK : WHILE_DRIFTING;
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
  async #sumUntracked(): Promise<bigint> {
    const {addresses, store} = this.#options;
    const [held, ours] = await Promise.all([addresses.walletTotal(), store.unspentTotal()]);
    if (held === ours) return 0n;
    const coins = await addresses.walletCoins();
    const own = await store.ownOutpoints(coins.map(({outpoint}) => outpoint));
    return sum(coins.filter((_, index) => !own[index]).map(({amount}) => amount));
  }
}
