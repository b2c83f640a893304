import {commandLine, lastFour} from '../acts/act.ts';
import {describe} from '../acts/describe.ts';
import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState} from '../state.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {blank, line, span, wrap, type Line} from '../text/line.ts';
import {inFours} from '../text/width.ts';
import {asksForId} from '../update/acts.ts';

const LABEL = 10;

const factLines = (label: string, value: string, width: number): Line[] => {
  const shown = label === 'to' ? inFours(value) : value;
  return wrap(shown, Math.max(8, width - LABEL), 'strong', 4).map((rest, index) =>
    line(span((index === 0 ? label : '').padEnd(LABEL), 'dim'), ...rest),
  );
};

const button = (text: string, isChosen: boolean): Line => [
  span(isChosen ? `▶ ${text} ` : `  ${text} `, isChosen ? 'inverse' : 'plain'),
];

export const drawConfirm = (state: ScreenState): Line[] => {
  const {view} = state;
  if (view.name !== 'confirm') return [];
  const {act, choice, typed} = view;
  const width = Math.min(76, state.size.columns - 4);
  const inner = innerWidth(width);
  const {title, words, verb, facts} = describe(state, act);
  const needed = asksForId(state, act) ? lastFour(act) : undefined;
  const body: Line[] = [
    [],
    ...facts.flatMap(([label, value]) => factLines(label, value, inner)),
    [],
    ...wrap(words, inner),
    ...wrap(`$ ${commandLine(act)}`, inner, 'dim', 3),
    [],
    ...(needed === undefined
      ? []
      : [
          line(
            span('MAINNET ', 'bad'),
            span('write the last four characters of the id: '),
            span(typed, 'strong'),
            span(' ', 'inverse'),
            span(typed === needed ? ' ✓' : '', 'ok'),
          ),
          [],
        ]),
    line(...button('Cancel', choice === 0), blank(3), ...button(verb, choice === 1)),
    [],
  ];
  return frame(body, {title: [span(title, 'title')], width, height: body.length + 2, isFocused: true});
};

/** Asks before an act. Cancel is chosen; Enter alone changes nothing. */
export const Confirm = () => <Overlay lines={drawConfirm(useScreen(state => state))} />;
