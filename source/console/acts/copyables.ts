import type {Status} from '../../contract/index.ts';
import {shownStatus, type Fetched, type ScreenState, type Target} from '../state.ts';

// What `y` and `Y` copy, in the order in which it is wanted.

interface Value {
  readonly name: string;
  readonly value: string;
}

/** What was fetched for this target. */
export const fetchedFor = ({fetched}: ScreenState, {kind, coin, id}: Target): Fetched | undefined =>
  fetched?.target.kind === kind && fetched.target.coin === coin && fetched.target.id === id ? fetched : undefined;

/** The contract object behind a target, as the engine said it; undefined when it is in neither. */
const objectOf = (
  status: Status | undefined,
  state: ScreenState,
  target: Target,
): Record<string, unknown> | undefined => {
  const {kind, coin: name, id} = target;
  const coin = status?.coins.find(item => item.coin === name);
  const fetched = fetchedFor(state, target);
  switch (kind) {
    case 'payout':
      return fetched?.payout ?? coin?.pending.find(item => item.id === id);
    case 'deposit':
      return fetched?.deposit ?? coin?.incoming.find(item => item.id === id);
    case 'broadcast':
      return fetched?.broadcast;
    case 'backend':
      return coin && {coin: name, network: coin.network, ...coin.backend};
    case 'event':
      return status?.events.find(event => event.coin === name && String(event.sequence) === id);
    case 'job':
      return coin?.jobs.find(item => item.id === id);
    default:
      return kind satisfies never;
  }
};

const found = (state: ScreenState, target: Target): Record<string, unknown> | undefined =>
  objectOf(shownStatus(state), state, target) ??
  (state.view.name === 'detail' ? objectOf(state.view.opened, state, target) : undefined);

/** As JSON it has everything, its events and answers too. */
export const wholeOf = (state: ScreenState, target: Target): unknown => {
  const object = found(state, target);
  const fetched = fetchedFor(state, target);
  if (!object || !fetched) return object;
  const {history, broadcast} = fetched;
  return {...object, ...(history && {history}), ...(target.kind === 'payout' && broadcast && {broadcast})};
};

const NAMES: readonly (readonly [field: string, name: string])[] = [
  ['txid', 'txid'],
  ['address', 'address'],
  ['tip_hash', 'block hash'],
  ['raw', 'raw transaction'],
  ['idempotency_key', 'idempotency key'],
  ['block_hash', 'block hash'],
  ['id', 'id'],
];

export const copyables = (state: ScreenState, target: Target): readonly Value[] => {
  const object = found(state, target);
  if (!object) return [];
  const raw = target.kind === 'payout' ? fetchedFor(state, target)?.broadcast?.raw : undefined;
  const fields: Record<string, unknown> = raw === undefined ? object : {...object, raw};
  return NAMES.flatMap(([field, name]) => {
    const value = fields[field];
    return typeof value === 'string' && value !== '' ? [{name, value}] : [];
  });
};
