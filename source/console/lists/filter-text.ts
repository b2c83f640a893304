import type {PaneId} from '../state.ts';
import type {RowOf} from './tail.ts';

// What a filter looks into: everything a person may know of a row, also what a narrow pane leaves out.

/** What stands in JSON, without the names of its fields: `al` finds alice and not every label. */
const valuesOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) return Object.values(value).map(valuesOf).join(' ');
  return JSON.stringify(value) ?? '';
};

const TEXTS: {readonly [Pane in PaneId]: (row: RowOf[Pane]) => readonly (string | null | undefined)[]} = {
  payouts: ({payout, coin}) => [
    payout.id,
    coin.unit,
    payout.account,
    payout.address,
    payout.amount,
    payout.label,
    payout.status,
    payout.reason,
    payout.txid,
    payout.idempotency_key,
  ],
  incoming: ({deposit, coin}) => [
    deposit.id,
    coin.unit,
    deposit.account,
    deposit.address,
    deposit.amount,
    deposit.label,
    deposit.status,
    deposit.reason,
    deposit.txid,
  ],
  backends: ({coin}) => [
    coin.unit,
    coin.network,
    coin.backend.state,
    coin.backend.reason,
    ...coin.backend.sources.map(({name}) => name),
  ],
  events: ({event}) => [event.id, event.coin, event.type, valuesOf(event.data)],
  log: ({line}) => [line.level, line.source, line.text],
  jobs: ({job, coin}) => [job.id, coin.unit, job.kind, job.status, job.error],
};

const known = new WeakMap<object, string>();

export const filterTextOf = <Pane extends PaneId>(pane: Pane, row: RowOf[Pane]): string => {
  let text = known.get(row);
  if (text === undefined) known.set(row, (text = TEXTS[pane](row).join(' ').toLowerCase()));
  return text;
};
