import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState} from '../state.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {fit, line, restyle, span, wrap, type Line} from '../text/line.ts';
import {windowStart} from '../text/table.ts';
import {paletteMatches} from '../update/palette.ts';

const MOST_ROWS = 12;
const NAME = 32;
const KEY = 10;

/** Command lines at the end of the input stay in sight. */
const tailOf = (input: string, width: number): string => input.slice(Math.max(0, input.length - width));

export const drawPalette = (state: ScreenState): Line[] => {
  const {view} = state;
  if (view.name !== 'palette') return [];
  const width = Math.min(96, state.size.columns - 4);
  const inner = innerWidth(width);
  const matches = paletteMatches(state);
  const visible = Math.max(1, Math.min(MOST_ROWS, state.size.rows - 8));
  const choice = Math.min(view.choice, Math.max(0, matches.length - 1));
  const start = windowStart(choice, matches.length, Math.min(visible, matches.length));
  const rows = matches.slice(start, start + visible).map((entry, index): Line => {
    const isChosen = start + index === choice;
    const row = fit(
      [
        span(isChosen ? '▶ ' : '  '),
        ...fit([span(entry.name, 'strong'), span(` ${entry.parameters}`, 'dim')], Math.min(NAME, inner - 2)),
        span(' '),
        ...fit([span(entry.key, 'key')], KEY),
        span(entry.help, 'dim'),
      ],
      inner,
    );
    return isChosen ? restyle(row, 'inverse') : row;
  });
  const body: Line[] = [
    line(span(':', 'key'), span(tailOf(view.input, inner - 3), 'strong'), span(' ', 'inverse')),
    [],
    ...(rows.length > 0 ? rows : wrap('no command is like that', inner, 'warn')),
  ];
  const footer =
    matches.length > visible ? [span(`${start + 1}-${start + rows.length} of ${matches.length}`, 'dim')] : [];
  // As high as it can be, so that it does not jump while one writes.
  const height = Math.min(MOST_ROWS, visible) + 4;
  return frame(body, {title: [span('Command', 'title')], footer, width, height, isFocused: true});
};

/** Every command by its name. */
export const Palette = () => <Overlay lines={drawPalette(useScreen(state => state))} />;
