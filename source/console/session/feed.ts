import type {Status} from '../../contract/index.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import {shareParts} from './share-parts.ts';

/** A frame costs milliseconds whatever changed in it, so data is drawn with the clock's tick, at most twice a second. */
const HALF_SECOND = 500;

/** What is worth a frame of its own between two seconds; ages and latencies are not. */
const essence = (status: Status): string =>
  JSON.stringify([
    status.engine.state,
    status.database.ok,
    status.events[0]?.id,
    status.deliveries.length,
    status.alerts.map(alert => alert.id),
    status.loops.map(loop => loop.state),
    status.coins.map(coin => [
      coin.backend.state,
      coin.backend.sources.map(({state, speaks}) => [state, speaks]),
      coin.backend.tip_hash,
      coin.counts,
      coin.pending.map(payout => [payout.id, payout.status, payout.confirmations]),
      coin.incoming.map(deposit => [deposit.id, deposit.status, deposit.confirmations]),
      coin.jobs.map(job => [job.id, job.status, job.at_height]),
    ]),
  ]);

/** ms: a status may be as old when it comes, since the engine shares one for half a second. */
const SHARED_FOR = 600;

/** Who is there by the engine's own answer, until a status comes that was made after it. */
const withAttended = (status: Status, receivedAt: number, {attended}: ScreenState): Status =>
  attended !== undefined && receivedAt < attended.at + SHARED_FOR ? {...status, consoles: attended.items} : status;

export interface Feed {
  /** A status that just came. Drawn at once when the screen had none or an old one. */
  readonly offer: (status: Status) => void;
  readonly stop: () => void;
}

export const createFeed = (store: Store<ScreenState>, clock: Clock): Feed => {
  let pending: Status | undefined;
  let receivedAt = 0;
  let drawn = '';
  let timer: NodeJS.Timeout;
  const publish = () => {
    const status = pending;
    pending = undefined;
    if (status) drawn = essence(status);
    store.update(state => ({
      ...state,
      now: clock.now(),
      ...(status
        ? {status: shareParts(state.status, withAttended(status, receivedAt, state)), link: {state: 'live', receivedAt}}
        : {}),
    }));
  };
  const tick = () => {
    const isFullSecond = clock.now() % 1000 < HALF_SECOND;
    if (isFullSecond || (pending && essence(pending) !== drawn)) publish();
    schedule();
  };
  const schedule = () => {
    timer = setTimeout(tick, HALF_SECOND - (clock.now() % HALF_SECOND));
  };
  schedule();
  return {
    offer(status) {
      pending = status;
      receivedAt = clock.now();
      if (store.get().link.state !== 'live') publish();
    },
    stop() {
      clearTimeout(timer);
    },
  };
};
