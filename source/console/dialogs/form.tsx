import {judgeAddress, NOTHING_KNOWN} from '../acts/look-alike.ts';
import {networkOf, unitOf} from '../acts/describe.ts';
import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState, View} from '../state.ts';
import {plural} from '../text/format.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {line, span, wrap, type Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {fieldProblem, FIELDS, type Field} from '../update/form.ts';

const LABEL = 15;

type Form = Extract<View, {name: 'form'}>;

/** What is known about the address: most of all, that it only looks like one that is known. */
const verdictLines = (state: ScreenState, {form, values}: Form, width: number): Line[] => {
  const {address = '', coin = ''} = values;
  if (form !== 'payout' || address.length < 14) return [];
  const known = state.known[coin];
  const verdict = judgeAddress(address, known ?? NOTHING_KNOWN);
  switch (verdict.kind) {
    case 'look-alike':
      return [
        ...wrap('▲ LOOK-ALIKE: begins and ends like an address that is known, and is another one:', width, 'alarm'),
        ...wrap(`this  ${inFours(address)}`, width, 'bad'),
        ...wrap(`known ${inFours(verdict.of)}`, width, 'warn'),
      ];
    case 'own':
      return wrap('▲ one of our own receiving addresses: the payout would come back as a deposit', width, 'warn');
    case 'paid':
      return wrap(`✓ paid before: ${plural(verdict.times, 'time')} among the newest payouts`, width, 'ok');
    case 'new':
      return wrap(
        known ? 'not among the newest payouts: compare all of it' : 'not compared with known addresses yet',
        width,
        'dim',
      );
    default:
      return verdict satisfies never;
  }
};

const fieldLines = (state: ScreenState, view: Form, field: Field, index: number, width: number): Line[] => {
  const value = view.values[field.name] ?? '';
  const isHere = index === view.field;
  const unit = field.name === 'amount' ? ` ${unitOf(state, view.values['coin'] ?? '')}` : '';
  const network = field.name === 'coin' ? `  ${networkOf(state, value)}` : '';
  const problem = isHere && value !== '' ? fieldProblem(state, view, field) : undefined;
  const shown = field.name === 'address' && !isHere ? inFours(value) : value;
  const rows = wrap(shown, Math.max(8, width - LABEL - unit.length - 2), 'strong', 3);
  return [
    ...rows.map((row, line_) =>
      line(
        span((line_ === 0 ? `${isHere ? '▶ ' : '  '}${field.label}` : '').padEnd(LABEL), isHere ? 'key' : 'dim'),
        ...row,
        ...(line_ === rows.length - 1 ? [isHere && span(' ', 'inverse'), span(unit + network, 'dim')] : []),
        line_ === rows.length - 1 && value === '' && field.optional && span('optional', 'dim'),
      ),
    ),
    ...(problem === undefined ? [] : [line(' '.repeat(LABEL), span(problem, 'warn'))]),
  ];
};

const TITLES = {payout: 'New payout', address: 'New address'} as const;

export const drawForm = (state: ScreenState): Line[] => {
  const {view} = state;
  if (view.name !== 'form') return [];
  const width = Math.min(84, state.size.columns - 4);
  const inner = innerWidth(width);
  const body: Line[] = [
    [],
    ...FIELDS[view.form].flatMap((field, index) => fieldLines(state, view, field, index, inner)),
    [],
    ...verdictLines(state, view, inner),
    ...wrap('Enter goes on; you are asked once more before anything is done.', inner, 'dim'),
    [],
  ];
  return frame(body, {title: [span(TITLES[view.form], 'title')], width, height: body.length + 2, isFocused: true});
};

export const Form = () => <Overlay lines={drawForm(useScreen(state => state))} />;
