import type {Alert} from '../contract/index.ts';
import {shownStatus, type ScreenState} from './state.ts';

/** Alerts that were not muted here, worst first. */
export const openAlerts = (state: ScreenState): readonly Alert[] =>
  (shownStatus(state)?.alerts ?? [])
    .filter(alert => !state.alert.muted.includes(alert.id))
    .sort((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));

/** The one that is read now. */
export const shownAlert = (state: ScreenState): Alert | undefined => {
  const alerts = openAlerts(state);
  return alerts[state.alert.index % Math.max(1, alerts.length)];
};
