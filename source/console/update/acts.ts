import {isMoneyAct, lastFour, type Act} from '../acts/act.ts';
import {networkOf} from '../acts/describe.ts';
import {
  selectedCoin,
  selectedParkedEvent,
  selectedPayout,
  selectedSink,
  selectedTransaction,
} from '../acts/selected.ts';
import type {Alert} from '../../contract/index.ts';
import {openAlerts, shownAlert} from '../needs.ts';
import type {PaneId, ScreenState} from '../state.ts';
import {refusal} from './refusal.ts';
import {stay, withToast, type Step} from './step.ts';

/** The dialog before an act: on Cancel, deaf at first, bound to the act's id. */
export const openConfirm = (state: ScreenState, act: Act, at: number): Step => {
  const {view} = state;
  const under = view.name === 'palette' || view.name === 'form' ? view.under : view;
  return stay({...state, view: {name: 'confirm', openedAt: at, act, choice: 0, typed: '', under}});
};

/** On mainnet whoever moves money writes the end of what it is about. */
export const asksForId = (state: ScreenState, act: Act): boolean =>
  isMoneyAct(act) && 'coin' in act && networkOf(state, act.coin) === 'mainnet';

export const confirmAct = (state: ScreenState, at: number): Step => {
  const {view} = state;
  if (view.name !== 'confirm') return stay(state);
  const closed = {...state, view: view.under};
  if (view.choice === 0) return stay(closed);
  if (asksForId(state, view.act) && view.typed !== lastFour(view.act))
    return stay(withToast(state, `first write ${lastFour(view.act)}, the end of the id above`, 'warn', at));
  return refusal(state, at) ?? stay(closed, {do: 'act', act: view.act});
};

const nothingHere = (state: ScreenState, words: string, at: number): Step => stay(withToast(state, words, 'warn', at));

export const cancelPayout = (state: ScreenState, at: number): Step => {
  const found = selectedPayout(state);
  if (!found?.payout.cancellable) return nothingHere(state, 'this cannot be cancelled', at);
  return openConfirm(state, {kind: 'cancel-payout', coin: found.coin, id: found.id}, at);
};

export const releasePayout = (state: ScreenState, at: number): Step => {
  const found = selectedPayout(state);
  if (!found) return nothingHere(state, 'no payout is selected', at);
  return openConfirm(state, {kind: 'release-payout', coin: found.coin, id: found.id}, at);
};

export const onPayout =
  (kind: 'approve-payout' | 'repay-payout') =>
  (state: ScreenState, at: number): Step => {
    const found = selectedPayout(state);
    if (!found) return nothingHere(state, 'no payout is selected', at);
    return openConfirm(state, {kind, coin: found.coin, id: found.id}, at);
  };

export const bump = (state: ScreenState, at: number): Step => {
  const found = selectedTransaction(state);
  return found ? openConfirm(state, {kind: 'bump', ...found}, at) : nothingHere(state, 'no transaction waits here', at);
};

/** How the engine words a pause that a person asked for (store/sqlite/pause-payouts.ts); others end by themselves. */
const PAUSED_BY_PERSON = /^paused by a person/;

export const togglePayouts = (state: ScreenState, at: number): Step => {
  const name = selectedCoin(state);
  const coin = state.status?.coins.find(({coin}) => coin === name);
  if (!coin) return nothingHere(state, 'no coin is configured', at);
  const isPaused = PAUSED_BY_PERSON.test(coin.payouts_paused ?? '');
  return openConfirm(state, {kind: isPaused ? 'resume-payouts' : 'pause-payouts', coin: coin.coin}, at);
};

export const toggleSink = (state: ScreenState, at: number): Step => {
  const sink = selectedSink(state);
  if (!sink) return nothingHere(state, 'there is no sink', at);
  return openConfirm(
    state,
    {kind: sink.state === 'off' || sink.state === 'paused' ? 'resume-sink' : 'pause-sink', sink: sink.name},
    at,
  );
};

export const sendAgain = (state: ScreenState, at: number): Step => {
  const found = selectedParkedEvent(state);
  if (!found) return nothingHere(state, 'no event was given up', at);
  const {coin, delivery} = found;
  const {id, sink, sequence} = delivery;
  return openConfirm(state, {kind: 'retry-delivery', coin, id, sink, sequence}, at);
};

export const takeControl = (state: ScreenState, at: number): Step =>
  stay(withToast(state, 'taking control', 'ok', at), {do: 'take-control'});

export const showAway = (state: ScreenState, at: number): Step =>
  stay(
    withToast(
      state,
      state.away
        ? `while you were away: ${state.away.lines.join(' · ')}`
        : 'nothing has happened since you last looked',
      'ok',
      at,
    ),
  );

const PANE_OF: readonly (readonly [RegExp, PaneId])[] = [
  [/:backend:|^loop:/, 'backends'],
  [/:held|:conflicted|:paused/, 'payouts'],
  [/:agreement/, 'incoming'],
  [/:sink:/, 'events'],
];

const paneOf = (alert: Alert | undefined): PaneId | undefined =>
  alert && PANE_OF.find(([pattern]) => pattern.test(alert.id))?.[1];

/** Shows the next one, with the pane that it is about; what is muted is passed over. */
export const nextNeed = (state: ScreenState, at: number): Step => {
  const alerts = openAlerts(state);
  if (alerts.length === 0) return nothingHere(state, 'nothing needs you', at);
  // The first press goes to the one that is read already.
  const isThere = state.alert.index > 0 || paneOf(shownAlert(state)) === state.focus;
  const index = (state.alert.index + (isThere ? 1 : 0)) % alerts.length;
  const alert = alerts[index]!;
  const focus = paneOf(alert) ?? state.focus;
  const selections =
    focus === 'backends' && alert.coin !== null
      ? {...state.selections, backends: {id: alert.coin, index: 0}}
      : state.selections;
  return stay({...state, alert: {...state.alert, index}, focus, selections});
};

/** Hides the shown one until it is over; with nothing left to hide, all come back. */
export const mute = (state: ScreenState, at: number): Step => {
  const alert = shownAlert(state);
  if (!alert) return stay(withToast({...state, alert: {index: 0, muted: []}}, 'nothing is muted any more', 'ok', at));
  const muted = [...state.alert.muted, alert.id];
  return stay(withToast({...state, alert: {index: 0, muted}}, `muted while it lasts: ${alert.text}`, 'warn', at));
};
