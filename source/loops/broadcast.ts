import {setTimeout} from 'node:timers/promises';
import type {Hold} from '../payout/state.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Txid} from '../primitives/ids.ts';
import {Wake} from '../primitives/wake.ts';
import type {OpenBroadcast, Queue} from '../store/payout-store.ts';
import {bumpBroadcast} from './broadcast/bump.ts';
import {Gatherer} from './broadcast/gather.ts';
import type {BroadcastParts} from './broadcast/parts.ts';
import {sendBroadcast} from './broadcast/send.ts';
import type {Loop, Round, RoundContext} from './loop.ts';
import {SignsOfLife} from './signs-of-life.ts';

export {BROADCAST_STEPS, type BroadcastParts} from './broadcast/parts.ts';

/** A burst of payouts becomes one batch: gathered once nothing came for `QUIET`, at the latest after `LONGEST` ms. */
const QUIET = 20;
const LONGEST = 250;
/** First pause before the same bytes are sent again, ms; doubled up to the period. */
const FIRST_PAUSE = 1000;
/** Change that tracking has not seen yet: it rings, this only converges without. */
const CHANGE_WAIT = 500;
/** A node that is not compared with the ledger yet, after a start or a hiccup, is waited for before payouts are held. */
const PATIENCE = 3000;
const LOOK_AGAIN = 200;
/** ms between two looks for a signature that a person has to give. */
const SIGNED_YET = 2000;

export interface Broadcasting extends Loop {
  /** See bumpBroadcast. Done in a round of the loop's own, so that nothing else is signed beside it. */
  bump(txid: string, feeRate: number | undefined): Promise<Txid>;
  /** Somebody brought a signature for this broadcast: looks at once. */
  signatureCame(id: string): void;
}

interface BumpRequest {
  readonly txid: string;
  readonly feeRate: number | undefined;
  readonly resolve: (txid: Txid) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Pays what is due. At start and every period it goes on with what a crash or the network left open: reserved plans
 * are signed again, signed bytes sent, sent ones that the mempool does not hold sent again. Woken, it gathers.
 */
export const createBroadcastLoop = (parts: BroadcastParts): Broadcasting => {
  const wake = new Wake();
  const loop = new BroadcastLoop(parts, wake);
  return {
    name: 'broadcast',
    coin: parts.coin.name,
    wake,
    stallAfter: 120_000,
    round: context => loop.round(context),
    bump: (txid, feeRate) => loop.bump(txid, feeRate),
    signatureCame: id => loop.signatureCame(id),
  };
};

const isUnsent = ({status}: OpenBroadcast): boolean => status === 'reserved' || status === 'signed';

interface Waiting {
  /** What the last one that waits waits for. */
  words: string | undefined;
  /** The node did not answer. */
  away: boolean;
}

class BroadcastLoop {
  readonly #parts: BroadcastParts;
  readonly #signs = new SignsOfLife();
  readonly #gatherer: Gatherer;
  /** Monotonic ms. The first round is a period's. */
  #nextPeriod = 0;
  #blockedSince: number | undefined;
  readonly #pauses = new Map<string, {until: number; length: number}>();
  readonly #wake: Wake;
  readonly #bumps: BumpRequest[] = [];
  #wasStopped = false;

  constructor(parts: BroadcastParts, wake: Wake) {
    this.#wake = wake;
    const {broadcaster, fees} = parts;
    this.#parts = {...parts, broadcaster: this.#signs.around(broadcaster), fees: this.#signs.around(fees)};
    this.#gatherer = new Gatherer(this.#parts);
  }

  async round(context: RoundContext): Promise<Round> {
    this.#signs.begin(context);
    const {store, clock, period} = this.#parts;
    // What was held by a stop that is over is due at once.
    const isPeriod = clock.monotonic() >= this.#nextPeriod || this.#wasStopped;
    const stop = (await store.payoutsPausedBy()) ?? this.#waitsForNode();
    if (stop !== undefined) {
      if (!('words' in stop)) return stop;
      this.#refuseBumps(stop);
      return this.#stop(stop, isPeriod);
    }
    this.#wasStopped = false;
    await this.#bumpAll(context);
    if (isPeriod) this.#gatherer.forget();
    const open = await this.#goOn(isPeriod, context);
    // One that waits for anything but the node blocks nothing behind it.
    const gathered = open.away ? undefined : await this.#gatherAll(isPeriod, context);
    const waitingFor = open.words ?? gathered;
    if (isPeriod) this.#nextPeriod = clock.monotonic() + period;
    return this.#rest(await store.queue(), waitingFor);
  }

  async bump(txid: string, feeRate: number | undefined): Promise<Txid> {
    return new Promise((resolve, reject) => {
      this.#bumps.push({txid, feeRate, resolve, reject});
      this.#wake.ring();
    });
  }

  signatureCame(id: string): void {
    this.#pauses.delete(id);
    this.#wake.ring();
  }

  #refuseBumps({words}: Hold): void {
    for (const asked of this.#bumps.splice(0)) asked.reject(new EngineError('payouts_paused', words));
  }

  /** What goes wrong with one is its asker's; what would stop the loop stops it too. */
  async #bumpAll(context: RoundContext): Promise<void> {
    for (let next = this.#bumps.shift(); next !== undefined; next = this.#bumps.shift()) {
      context.progress();
      try {
        next.resolve(await bumpBroadcast(this.#parts, next.txid, next.feeRate));
      } catch (error) {
        next.reject(error);
        if (!(error instanceof EngineError)) throw error;
      }
    }
  }

  /** Why nothing may be signed or sent; a round of mere waiting while that is new. */
  #waitsForNode(): Hold | Round | undefined {
    const blocked = this.#parts.blocked();
    const now = this.#parts.clock.monotonic();
    this.#blockedSince = blocked ? (this.#blockedSince ?? now) : undefined;
    if (!blocked) return undefined;
    return now - this.#blockedSince! < PATIENCE ? {sleep: LOOK_AGAIN, waitingFor: blocked.words} : blocked;
  }

  /**
   * Nothing is signed or sent; what is queued shows why. Reserved plans are given up: nothing was signed. Not those that
   * a person may be signing right now.
   */
  async #stop(stop: Hold, isPeriod: boolean): Promise<Round> {
    const {store, clock, period} = this.#parts;
    this.#wasStopped = true;
    for (const {id, status} of await store.openBroadcasts())
      if (status === 'reserved' && !this.#isPatient) await store.abandonBroadcast(id, stop, clock.now());
    await this.#retain(isPeriod);
    while ((await store.queue()).queued > 0) if ((await this.#gatherer.hold(stop)).kind === 'nothing') break;
    if (isPeriod) this.#nextPeriod = clock.monotonic() + period;
    return {sleep: Math.min(period, LOOK_AGAIN * 5), waitingFor: stop.words};
  }

  get #isPatient(): boolean {
    return this.#parts.signer.isPatient === true;
  }

  /** Everything open that is due; parents come before children. The words of the last one that has to wait. */
  async #goOn(isPeriod: boolean, context: RoundContext): Promise<Waiting> {
    const {store} = this.#parts;
    const waiting: Waiting = {words: undefined, away: false};
    const all = await store.openBroadcasts();
    this.#forgetPauses(all);
    for (const open of all) {
      if (context.signal.aborted || !this.#isDue(open, isPeriod)) continue;
      context.progress();
      const broadcast = await store.plannedBroadcast(open.id);
      if (!broadcast) continue;
      const outcome =
        broadcast.status === 'reserved'
          ? await this.#gatherer.carryOn(broadcast, undefined, () => context.progress())
          : await sendBroadcast(this.#parts, broadcast);
      if (outcome.kind === 'again') {
        waiting.words = outcome.words;
        waiting.away ||= outcome.away === true;
      }
      if (outcome.kind === 'waiting') this.#lookSoon(open.id);
      else if (outcome.kind === 'again' && isUnsent(open)) this.#pause(open.id);
      else this.#pauses.delete(open.id);
    }
    await this.#retain(isPeriod);
    return waiting;
  }

  /** What was kept for a signature is put away once nothing waits for it. */
  async #retain(isPeriod: boolean): Promise<void> {
    const {signer, store, log} = this.#parts;
    if (!isPeriod || signer.retain === undefined) return;
    const open = await store.openBroadcasts();
    try {
      await signer.retain(open.map(({id, status}) => ({id, isSigned: status !== 'reserved'})));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      log.warn({code: error.code}, error.message);
    }
  }

  #isDue(open: OpenBroadcast, isPeriod: boolean): boolean {
    if (!isUnsent(open)) return isPeriod && !(open.status === 'sent' && open.inMempool);
    const pause = this.#pauses.get(open.id);
    return pause === undefined || this.#parts.clock.monotonic() >= pause.until;
  }

  #forgetPauses(open: readonly OpenBroadcast[]): void {
    const unsent = new Set(open.filter(isUnsent).map(({id}) => id));
    for (const id of this.#pauses.keys()) if (!unsent.has(id)) this.#pauses.delete(id);
  }

  #lookSoon(id: string): void {
    const length = Math.min(SIGNED_YET, this.#parts.period);
    this.#pauses.set(id, {until: this.#parts.clock.monotonic() + length, length});
  }

  #pause(id: string): void {
    const length = Math.min((this.#pauses.get(id)?.length ?? FIRST_PAUSE / 2) * 2, this.#parts.period);
    this.#pauses.set(id, {until: this.#parts.clock.monotonic() + length, length});
  }

  /** Batch after batch, while there is something to send or to hold. */
  async #gatherAll(isPeriod: boolean, context: RoundContext): Promise<string | undefined> {
    const {store} = this.#parts;
    // Each batch is work for a person: they are made once a period and not at once.
    if (this.#isPatient && !isPeriod) return undefined;
    const waiting = await store.queue();
    if (isPeriod && waiting.refused > 0) await this.#gatherer.gather('refused', () => context.progress());
    if (waiting.queued === 0 && !(isPeriod && waiting.held > waiting.refused)) return undefined;
    await this.#settle(waiting, context.signal);
    while (!context.signal.aborted) {
      context.progress();
      const outcome = await this.#gatherer.gather('due', () => context.progress());
      if (outcome.kind === 'waiting') this.#lookSoon(outcome.id);
      if (outcome.kind === 'again') {
        this.#pause(outcome.id);
        return outcome.words;
      }
      if (outcome.kind === 'nothing' || (await store.queue()).queued === 0) return undefined;
    }
    return undefined;
  }

  async #settle({queued}: Queue, signal: AbortSignal): Promise<void> {
    const {store, clock, pause = setTimeout} = this.#parts;
    const end = clock.monotonic() + LONGEST;
    let last = queued;
    while (last > 0 && last < this.#gatherer.batchSize && clock.monotonic() < end && !signal.aborted) {
      await pause(QUIET);
      const now = (await store.queue()).queued;
      if (now === last) return;
      last = now;
    }
  }

  #rest({queued, held}: Queue, waitingFor: string | undefined): Round {
    const now = this.#parts.clock.monotonic();
    const ends = [...this.#pauses.values()].map(pause => pause.until - now);
    const sleep = Math.max(
      0,
      Math.min(this.#nextPeriod - now, ...ends, ...(queued > 0 && !this.#isPatient ? [CHANGE_WAIT] : [])),
    );
    const detail = [queued > 0 ? `${queued} queued` : '', held > 0 ? `${held} held` : ''].filter(Boolean).join(', ');
    return {sleep, ...(detail !== '' && {detail}), ...(waitingFor !== undefined && {waitingFor})};
  }
}
