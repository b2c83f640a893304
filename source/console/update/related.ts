import type {Status} from '../../contract/index.ts';
import {knownPayout} from '../acts/describe.ts';
import {shownStatus, type ScreenState, type Target} from '../state.ts';
import {stay, withTarget, withToast, type Step} from './step.ts';

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

/** From a payout to its transaction, from that to its first payout, from an event to what it tells of. */
export const openRelated = (state: ScreenState, at: number): Step => {
  const {view} = state;
  if (view.name !== 'detail') return stay(state);
  const target = relatedTo(state, view.target);
  return stay(target ? withTarget(state, target) : withToast(state, 'nothing more to open here', 'warn', at));
};
