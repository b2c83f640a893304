import type {Status} from '../../contract/index.ts';
import {shownStatus, type ScreenState, type Target} from '../state.ts';
import {knownPayout} from './describe.ts';

const aboutEvent = (status: Status | undefined, target: Target): Target | undefined => {
  const event = status?.events.find(({coin, sequence}) => coin === target.coin && String(sequence) === target.id);
  const kind = event?.type.split('.')[0];
  if (!event || !('id' in event.data) || (kind !== 'payout' && kind !== 'deposit')) return undefined;
  return {kind, coin: target.coin, id: event.data.id};
};

const relatedTo = (state: ScreenState, target: Target): Target | undefined => {
  const {coin, kind, id} = target;
  if (kind === 'payout') {
    const txid = knownPayout(state, coin, id)?.txid;
    return txid === undefined ? undefined : {kind: 'broadcast', coin, id: txid};
  }
  if (kind === 'broadcast') {
    const first = state.fetched?.target.id === id ? state.fetched.broadcast?.payout_ids[0] : undefined;
    return first === undefined ? undefined : {kind: 'payout', coin, id: first};
  }
  if (kind !== 'event') return undefined;
  return (
    aboutEvent(shownStatus(state), target) ??
    (state.view.name === 'detail' ? aboutEvent(state.view.opened, target) : undefined)
  );
};

/** What Enter opens in a detail: of a payout its transaction, of that its first payout, of an event what it tells of. */
export const relatedNow = (state: ScreenState): Target | undefined =>
  state.view.name === 'detail' ? relatedTo(state, state.view.target) : undefined;
