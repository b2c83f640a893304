import type {Loop} from '../loops/loop.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import {Wake} from '../primitives/wake.ts';
import type {LeaseAnswer, LeaseHolder, LeaseStore} from '../store/lease-store.ts';
import {isProvablyDead, thisProcess} from './process-identity.ts';

/** ms */
export const LEASE_VALID_FOR = 10_000;
const RENEW_EVERY = 3000;
const LOOK_EVERY = 250;

export interface LeaseContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Refuse at once when anybody alive holds it: what a verb does, which has no reason to wait for ten seconds. */
  readonly impatient?: boolean;
}

type Taken = Extract<LeaseAnswer, {kind: 'taken'}>;

const isTaken = (answer: LeaseAnswer): answer is Taken => answer.kind === 'taken';

const alreadyRunning = (coin: string, {holder}: Taken): EngineError =>
  new EngineError(
    'already_running',
    `the ${coin} ledger is in use by process ${holder.pid} on ${holder.host}; stop that one first, or use it over its API`,
  );

/**
 * Makes this process the one that writes to a ledger. A holder that is provably dead is replaced at once. Otherwise the
 * lease is watched: renewed, it belongs to a live engine (`already_running`, naming it); not renewed for its ten
 * seconds, its holder is stopped, cut off or dead, and is replaced. Those seconds are counted here by the monotonic
 * clock: the stored expiry is another host's wall time, which may be a day off.
 */
export const takeLease = async (store: LeaseStore, coin: string, context: LeaseContext): Promise<void> => {
  const {clock, log, signal} = context;
  const self = thisProcess();
  const first = await acquire(store, self, clock);
  if (!isTaken(first)) return;
  if (context.impatient === true) throw alreadyRunning(coin, first);
  const {pid, host} = first.holder;
  log.warn({coin, pid, host}, `waiting up to 10 s: process ${pid} on ${host} holds the ${coin} ledger`);
  const last = await watchForRenewal(store, self, coin, first, {clock, signal});
  if (last !== undefined) {
    const answer = await store.acquireLease(self, clock.now(), LEASE_VALID_FOR, last.epoch);
    if (isTaken(answer)) throw alreadyRunning(coin, answer);
  }
  log.warn(
    {coin, pid, host},
    `took the ${coin} ledger over from process ${pid} on ${host}, which did not renew its lease`,
  );
};

/** Asks for the lease, again with the proof when its holder is dead. */
const acquire = async (store: LeaseStore, self: LeaseHolder, clock: Clock): Promise<LeaseAnswer> => {
  const answer = await store.acquireLease(self, clock.now(), LEASE_VALID_FOR);
  if (!isTaken(answer) || !isProvablyDead(answer.holder)) return answer;
  return store.acquireLease(self, clock.now(), LEASE_VALID_FOR, answer.epoch);
};

/** Looks until the lease fell free (undefined), was left alone for its whole time, or showed life (throws). */
const watchForRenewal = async (
  store: LeaseStore,
  self: LeaseHolder,
  coin: string,
  first: Taken,
  {clock, signal}: Pick<LeaseContext, 'clock' | 'signal'>,
): Promise<Taken | undefined> => {
  const begun = clock.monotonic();
  while (clock.monotonic() - begun < LEASE_VALID_FOR) {
    await new Wake().sleep(LOOK_EVERY, signal);
    if (signal.aborted) throw new EngineError('stopping', 'stopped while waiting for the lease');
    const answer = await acquire(store, self, clock);
    if (!isTaken(answer)) return undefined;
    if (answer.epoch !== first.epoch || answer.expiresAt !== first.expiresAt) throw alreadyRunning(coin, answer);
  }
  return first;
};

/** Renews the lease well before it expires. Fenced, its round throws and the engine ends. */
export const createLeaseLoop = (store: LeaseStore, coin: string, clock: Clock): Loop => ({
  name: 'lease',
  coin,
  wake: new Wake(),
  stallAfter: 30_000,
  round: async () => {
    await store.renewLease(clock.now(), LEASE_VALID_FOR);
    return {sleep: RENEW_EVERY};
  },
});
