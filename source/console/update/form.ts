import {randomUUID} from 'node:crypto';
import type {Act} from '../acts/act.ts';
import type {FormName, ScreenState, View} from '../state.ts';
import {openConfirm} from './acts.ts';
import {stay, withToast, type Step} from './step.ts';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly optional?: true;
}

export const FIELDS: Readonly<Record<FormName, readonly Field[]>> = {
  payout: [
    {name: 'coin', label: 'coin'},
    {name: 'account', label: 'from account'},
    {name: 'address', label: 'to address'},
    {name: 'amount', label: 'amount'},
    {name: 'label', label: 'label', optional: true},
  ],
  address: [
    {name: 'coin', label: 'coin'},
    {name: 'account', label: 'for account'},
    {name: 'label', label: 'label', optional: true},
  ],
};

const firstCoin = (state: ScreenState): string | undefined => {
  const coins = state.status?.coins ?? [];
  return (coins.find(({coin}) => coin === state.selections.backends.id) ?? coins[0])?.coin;
};

/** `given` fills the fields in their order; the first one that is empty is where writing begins. */
const open = (state: ScreenState, form: FormName, at: number, given: readonly string[]): Step => {
  const coin = given[0] ?? firstCoin(state);
  if (coin === undefined) return stay(withToast(state, 'no coin is configured', 'warn', at));
  const fields = FIELDS[form];
  const values = Object.fromEntries(
    fields.map((field, index) => [field.name, index === 0 ? coin : (given[index] ?? '')]),
  );
  const field = Math.max(
    0,
    fields.findIndex(({name}) => values[name] === ''),
  );
  const {view} = state;
  const under = view.name === 'palette' ? view.under : view;
  return stay(
    {...state, view: {name: 'form', openedAt: at, form, values, field, under}},
    {do: 'learn-addresses', coin},
  );
};

export const openPayoutForm = (state: ScreenState, at: number): Step => open(state, 'payout', at, []);
export const openAddressForm = (state: ScreenState, at: number): Step => open(state, 'address', at, []);
export const openForm = open;

export const withField = (state: ScreenState, change: (value: string) => string): ScreenState => {
  const {view} = state;
  if (view.name !== 'form') return state;
  const {name} = FIELDS[view.form][view.field]!;
  return {...state, view: {...view, values: {...view.values, [name]: change(view.values[name] ?? '')}}};
};

export const moveField = (state: ScreenState, step: 1 | -1): ScreenState => {
  const {view} = state;
  if (view.name !== 'form') return state;
  const count = FIELDS[view.form].length;
  return {...state, view: {...view, field: (view.field + step + count) % count}};
};

type Form = Extract<View, {name: 'form'}>;

const AMOUNT = /^\d{1,14}(\.\d{1,8})?$/;

/** What is wrong with a field as it is written, before the engine is asked; the engine refuses the rest by name. */
export const fieldProblem = (state: ScreenState, {values}: Form, {name, optional}: Field): string | undefined => {
  const value = values[name] ?? '';
  if (value === '') return optional ? undefined : 'is needed';
  if (name === 'coin' && !state.status?.coins.some(({coin}) => coin === value))
    return `one of ${state.status?.coins.map(({coin}) => coin).join(', ') ?? ''}`;
  if (name === 'amount' && !AMOUNT.test(value)) return 'whole coins such as 0.5, at most 8 decimals';
  if (name === 'amount' && /^0*(\.0*)?$/.test(value)) return 'more than nothing';
  if (name !== 'label' && /\s/.test(value)) return 'without spaces';
  return undefined;
};

const actOf = ({form, values}: Form, at: number): Act => {
  const {coin = '', account = '', label = ''} = values;
  if (form === 'address') return {kind: 'new-address', coin, account, label};
  const key = `console-${new Date(at).toISOString().slice(0, 10)}-${randomUUID().slice(0, 8)}`;
  return {
    kind: 'new-payout',
    coin,
    account,
    address: values['address'] ?? '',
    amount: values['amount'] ?? '',
    label,
    key,
  };
};

/** To the next field while there is one to fill, then to the dialog that asks. */
export const submitForm = (state: ScreenState, at: number): Step => {
  const {view} = state;
  if (view.name !== 'form') return stay(state);
  const fields = FIELDS[view.form];
  const wrong = fields.findIndex(field => fieldProblem(state, view, field) !== undefined);
  if (wrong === -1) return openConfirm(state, actOf(view, at), at);
  const field = fields[wrong]!;
  const words = `${field.label}: ${fieldProblem(state, view, field) ?? ''}`;
  // Enter in an earlier field goes on to the one that is missing, without a word.
  const moved: ScreenState = {...state, view: {...view, field: wrong}};
  return stay(view.field === wrong ? withToast(moved, words, 'bad', at) : moved);
};
