import {
  backgroundCode,
  depthOf,
  foregroundCode,
  paletteOf,
  type Depth,
  type Hue,
  type Palette,
  type ThemeName,
} from './palette.ts';
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
const both = (outer: Codes, inner: Codes): Codes => [outer[0] + inner[0], inner[1] + outer[1]];
const foreground = (code: string): Codes => [`\u001b[${code}m`, '\u001b[39m'];
const background = (code: string): Codes => [`\u001b[${code}m`, '\u001b[49m'];

const WITHOUT_HUES: Readonly<Record<Style, Codes>> = {
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

/** Hues over weights: every state has its glyph and word anyway, colour only repeats them. */
const codesOf = ({palette, depth}: {palette: Palette; depth: Depth}): Readonly<Record<Style, Codes>> => {
  if (depth === 0) return WITHOUT_HUES;
  const ink = (hue: Hue) => foreground(foregroundCode(palette[hue], depth));
  const badge = (paper: Hue, text: Hue) =>
    both(BOLD, both(background(backgroundCode(palette[paper], depth)), ink(text)));
  return {
    ...WITHOUT_HUES,
    ok: ink('ok'),
    warn: both(BOLD, ink('warn')),
    bad: both(BOLD, ink('bad')),
    accent: ink('accent'),
    frameFocus: both(BOLD, ink('accent')),
    key: both(BOLD, ink('accent')),
    alarm: both(INVERSE, both(BOLD, ink('bad'))),
    mainnet: badge('mainnet', 'onMainnet'),
    testnet: both(INVERSE, ink('accent')),
  };
};

// One cell for one cell, so that the layout is the same: each glyph stands before its replacement.
const ASCII: ReadonlyMap<string, string> = new Map(
  '─- ━= │| ┃| ╭+ ╮+ ╰+ ╯+ ┏+ ┓+ ┗+ ┛+ ▁_ ▂. ▃. ▄- ▅= ▆+ ▇* █# ░- ●o ○. ◌? ✓+ ✗x ▲! ▶> →> ↑^ ↓v …~ ·. –- —- ▾v ▴^'
    .split(' ')
    .map(([glyph = '', ascii = '']) => [glyph, ascii]),
);

const toAscii = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- everything that is not ASCII
  text.replace(/[^\u0000-\u007f]/gu, glyph => ASCII.get(glyph) ?? '?'.repeat(widthOf(glyph)));

export interface Look {
  readonly ascii: boolean;
  readonly depth: Depth;
  readonly palette: Palette;
}

export const createTheme = ({ascii, ...colours}: Look): Theme => {
  const codes = codesOf(colours);
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

/** Words only, to be read out. */
export const PLAIN_THEME: Theme = {ascii: false, paint: line => line.map(({text}) => text).join('')};

/** What was asked for, as far as the terminal can do it; a locale that is not UTF-8 gets ASCII. */
export const themeOf = (
  options: {readonly ascii: boolean; readonly theme?: ThemeName | undefined},
  environment: NodeJS.ProcessEnv,
): Theme =>
  createTheme({
    ascii: options.ascii || !speaksUnicode(environment),
    depth: depthOf(environment),
    palette: paletteOf(options.theme ?? 'auto', environment),
  });

const speaksUnicode = (environment: NodeJS.ProcessEnv): boolean => {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale) || !/^(C|POSIX)$|\.(?!utf)/i.test(locale);
};
