import type {Delivery, Event, Payout, Status} from '../../contract/index.ts';
import {shownStatus, type ScreenState} from '../state.ts';
import {targetNow} from '../targets.ts';
import {fetchedFor} from './copyables.ts';
import {knownPayout} from './describe.ts';

// What a key would act on now: the open detail, else the selected row of the focused pane.

export const selectedPayout = (
  state: ScreenState,
): {readonly coin: string; readonly id: string; readonly payout: Payout} | undefined => {
  const target = targetNow(state);
  if (target?.kind !== 'payout') return undefined;
  const payout = knownPayout(state, target.coin, target.id);
  return payout && {coin: target.coin, id: target.id, payout};
};

/** The transaction that a bump is about: the open one, or that of the payout. */
export const selectedTransaction = (state: ScreenState): {readonly coin: string; readonly txid: string} | undefined => {
  const target = targetNow(state);
  if (target?.kind === 'broadcast') {
    const broadcast = fetchedFor(state, target)?.broadcast;
    return broadcast?.status === 'sent' && broadcast.txid !== undefined
      ? {coin: target.coin, txid: broadcast.txid}
      : undefined;
  }
  const found = selectedPayout(state);
  return found?.payout.status === 'sent' && found.payout.txid !== undefined
    ? {coin: found.coin, txid: found.payout.txid}
    : undefined;
};

/** The coin of what is open or selected, else the first. */
export const selectedCoin = (state: ScreenState): string | undefined =>
  targetNow(state)?.coin ?? state.status?.coins[0]?.coin;

const eventNow = (state: ScreenState): Event | undefined => {
  const target = targetNow(state);
  if (target?.kind !== 'event') return undefined;
  return shownStatus(state)?.events.find(event => event.coin === target.coin && String(event.sequence) === target.id);
};

const isDead = ({status}: Delivery) => status === 'dead';

const coinOfDelivery = (status: Status, delivery: Delivery): string | undefined =>
  status.events.find(event => event.id === delivery.event_id)?.coin ??
  // An old event is not among the newest ones any more; its sink says the coin when there is only one.
  (status.coins.length === 1 ? status.coins[0]?.coin : undefined);

/** The given-up event that is selected, else the newest one. */
export const selectedParkedEvent = (
  state: ScreenState,
): {readonly coin: string; readonly delivery: Delivery} | undefined => {
  const status = shownStatus(state);
  if (!status) return undefined;
  const event = eventNow(state);
  const dead = status.deliveries.filter(isDead);
  const delivery = dead.find(item => item.event_id === event?.id) ?? dead[0];
  const coin = delivery && coinOfDelivery(status, delivery);
  return delivery && coin !== undefined ? {coin, delivery} : undefined;
};

/** The sink that a pause or resume is about: one that is off, else one in trouble, else the first. */
export const selectedSink = (state: ScreenState): Status['sinks'][number] | undefined => {
  const sinks = shownStatus(state)?.sinks ?? [];
  return (
    sinks.find(({state}) => state === 'off' || state === 'paused') ??
    sinks.find(sink => sink.state !== 'ok') ??
    sinks[0]
  );
};
