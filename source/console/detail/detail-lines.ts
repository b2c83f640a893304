import type {Status} from '../../contract/index.ts';
import {fetchedFor} from '../acts/copyables.ts';
import {shownStatus, type DetailKind, type ScreenState, type Target} from '../state.ts';
import {innerWidth} from '../text/frame.ts';
import {span, type Line} from '../text/line.ts';
import {middle} from '../text/width.ts';
import {backendLines} from './backend.ts';
import {broadcastLines} from './broadcast.ts';
import {depositLines} from './deposit.ts';
import {eventLines} from './event.ts';
import {jobLines} from './job.ts';
import {payoutLines} from './payout.ts';

const GONE: Line[] = [[span('It is no longer among the rows that the engine shows. Esc goes back.', 'dim')]];

/** Title of a detail. */
export const detailTitle = ({kind, coin, id}: Target): string =>
  kind === 'backend'
    ? `Backend ${coin.toUpperCase()}`
    : `${kind[0]!.toUpperCase()}${kind.slice(1)} ${kind === 'broadcast' ? middle(id, 13) : id} · ${coin.toUpperCase()}`;

type Content = (status: Status, target: Target, state: ScreenState, width: number) => Line[] | undefined;

const coinOf = (status: Status, target: Target) => status.coins.find(({coin}) => coin === target.coin);

const CONTENTS: Readonly<Record<DetailKind, Content>> = {
  payout(status, target, state, width) {
    const coin = coinOf(status, target);
    const fetched = fetchedFor(state, target);
    const payout = fetched?.payout ?? coin?.pending.find(({id}) => id === target.id);
    return payout && payoutLines(payout, {coin, fetched, now: state.now, width});
  },
  deposit(status, target, state, width) {
    const coin = coinOf(status, target);
    const fetched = fetchedFor(state, target);
    const deposit = fetched?.deposit ?? coin?.incoming.find(({id}) => id === target.id);
    return deposit && depositLines(deposit, {coin, fetched, now: state.now, width});
  },
  broadcast(status, target, state, width) {
    const broadcast = fetchedFor(state, target)?.broadcast;
    if (!broadcast) return [[span('asking the engine …', 'dim')]];
    return broadcastLines(broadcast, {coin: coinOf(status, target), now: state.now, width});
  },
  backend(status, target, state, width) {
    const coin = coinOf(status, target);
    return coin && backendLines(coin, state.now, width);
  },
  event(status, target, state, width) {
    const fetched = fetchedFor(state, target);
    const event =
      status.events.find(({coin, sequence}) => coin === target.coin && String(sequence) === target.id) ??
      fetched?.history?.[0]?.event;
    return event && eventLines(event, {fetched, now: state.now, width});
  },
  job(status, target, state, width) {
    const job = coinOf(status, target)?.jobs.find(({id}) => id === target.id);
    return job && jobLines(job, state.now, width);
  },
};

/** Every line of the open detail, for a content of `width` cells. Pure. */
export const detailLines = (state: ScreenState, width: number): Line[] => {
  const {view} = state;
  if (view.name !== 'detail') return [];
  const read = (status: Status | undefined) => status && CONTENTS[view.target.kind](status, view.target, state, width);
  return read(shownStatus(state)) ?? read(view.opened) ?? GONE;
};

export const detailScrollLimit = (state: ScreenState, width: number, height: number): number =>
  state.view.name === 'detail' ? Math.max(0, detailLines(state, innerWidth(width)).length - (height - 2)) : 0;
