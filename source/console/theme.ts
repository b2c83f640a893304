import type {Line, Span, Style} from './text/line.ts';
import {widthOf} from './text/width.ts';

/** How lines become terminal text. The only place where escape codes are written. */
export interface Theme {
  readonly ascii: boolean;
  paint(line: Line): string;
}

type Codes = readonly [open: string, close: string];
const NONE: Codes = ['', ''];
const BOLD: Codes = ['\u001b[1m', '\u001b[22m'];
const DIM: Codes = ['\u001b[2m', '\u001b[22m'];
const INVERSE: Codes = ['\u001b[7m', '\u001b[27m'];
const hue = (code: number): Codes => [`\u001b[${code}m`, '\u001b[39m'];
const both = (outer: Codes, inner: Codes): Codes => [outer[0] + inner[0], inner[1] + outer[1]];

// The sixteen colours only: they follow the operator's own palette, light or dark.
const COLOURS: Readonly<Record<Style, Codes>> = {
  plain: NONE,
  dim: DIM,
  strong: BOLD,
  ok: hue(32),
  warn: both(BOLD, hue(33)),
  bad: both(BOLD, hue(31)),
  accent: hue(36),
  title: BOLD,
  frame: DIM,
  frameFocus: both(BOLD, hue(36)),
  key: both(BOLD, hue(36)),
  inverse: INVERSE,
  alarm: both(INVERSE, both(BOLD, hue(31))),
  mainnet: both(BOLD, ['\u001b[97;41m', '\u001b[39;49m']),
  testnet: both(INVERSE, hue(36)),
};

// NO_COLOR (no-color.org): no hues; weight and inverse stay, and every state has its word anyway.
const MONOCHROME: Readonly<Record<Style, Codes>> = {
  plain: NONE,
  dim: DIM,
  strong: BOLD,
  ok: NONE,
  warn: BOLD,
  bad: BOLD,
  accent: NONE,
  title: BOLD,
  frame: DIM,
  frameFocus: BOLD,
  key: BOLD,
  inverse: INVERSE,
  alarm: both(INVERSE, BOLD),
  mainnet: both(INVERSE, BOLD),
  testnet: INVERSE,
};

// One cell for one cell, so that the layout is the same.
// One cell for one cell, so that the layout is the same: each glyph stands before its replacement.
const ASCII: ReadonlyMap<string, string> = new Map(
  '─- ━= │| ┃| ╭+ ╮+ ╰+ ╯+ ┏+ ┓+ ┗+ ┛+ ▁_ ▂. ▃. ▄- ▅= ▆+ ▇* █# ░- ●o ○. ◌? ✓+ ✗x ▲! ▶> →> ↑^ ↓v …~ ·. –- —-'
    .split(' ')
    .map(([glyph = '', ascii = '']) => [glyph, ascii]),
);

const toAscii = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- everything that is not ASCII
  text.replace(/[^\u0000-\u007f]/gu, glyph => ASCII.get(glyph) ?? '?'.repeat(widthOf(glyph)));

export const createTheme = ({ascii, colour}: {ascii: boolean; colour: boolean}): Theme => {
  const codes = colour ? COLOURS : MONOCHROME;
  const textOf = ({text}: Span) => (ascii ? toAscii(text) : text);
  return {
    ascii,
    paint(line) {
      let text = '';
      let current: Codes = NONE;
      for (const piece of line) {
        const next = codes[piece.style];
        // Fewer codes are fewer cells for Ink to take apart again, which is most of a frame's cost.
        if (next !== current) text += current[1] + next[0];
        current = next;
        text += textOf(piece);
      }
      return text + current[1];
    },
  };
};

/** NO_COLOR counts when set and not empty; a locale that is not UTF-8 gets ASCII. */
export const themeOf = (options: {ascii: boolean}, environment: NodeJS.ProcessEnv): Theme =>
  createTheme({
    ascii: options.ascii || !speaksUnicode(environment),
    colour: !environment['NO_COLOR'],
  });

const speaksUnicode = (environment: NodeJS.ProcessEnv): boolean => {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale) || !/^(C|POSIX)$|\.(?!utf)/i.test(locale);
};
