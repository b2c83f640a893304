// Colours of the themes, and how a terminal of few colours is given them.

/** Colours the terminal has; 0: none, or none are wanted. */
export type Depth = 0 | 16 | 256 | 'true';

export const THEMES = ['auto', 'ansi', 'dark', 'light', 'okabe-ito', 'okabe-ito-light'] as const;
export type ThemeName = (typeof THEMES)[number];

export type Hue = 'ok' | 'warn' | 'bad' | 'accent' | 'mainnet' | 'onMainnet';

export interface Colour {
  /** As in SGR: 30-37 and 90-97. */
  readonly ansi: number;
  /** Absent: the operator's own, by its number. */
  readonly rgb?: readonly [red: number, green: number, blue: number];
}
export type Palette = Readonly<Record<Hue, Colour>>;

const colour = (ansi: number, red: number, green: number, blue: number): Colour => ({ansi, rgb: [red, green, blue]});

/** The sixteen colours by their numbers: they follow the operator's own palette, light or dark. */
const ANSI: Palette = {
  ok: {ansi: 32},
  warn: {ansi: 33},
  bad: {ansi: 31},
  accent: {ansi: 36},
  mainnet: {ansi: 31},
  onMainnet: {ansi: 97},
};

const DARK: Palette = {
  ok: colour(32, 95, 215, 135),
  warn: colour(33, 255, 190, 60),
  bad: colour(31, 255, 105, 105),
  accent: colour(36, 100, 210, 255),
  mainnet: colour(31, 190, 20, 30),
  onMainnet: colour(97, 255, 255, 255),
};

const LIGHT: Palette = {
  ok: colour(32, 0, 120, 60),
  warn: colour(33, 150, 85, 0),
  bad: colour(31, 185, 0, 20),
  accent: colour(34, 0, 90, 170),
  mainnet: colour(31, 190, 20, 30),
  onMainnet: colour(97, 255, 255, 255),
};

/** Okabe and Ito, "Color Universal Design" (2008): told apart with every kind of colour vision. No red beside green. */
const OKABE_ITO: Palette = {
  ok: colour(94, 86, 180, 233),
  warn: colour(93, 240, 228, 66),
  bad: colour(33, 230, 159, 0),
  accent: colour(36, 0, 158, 115),
  mainnet: colour(33, 213, 94, 0),
  onMainnet: colour(97, 255, 255, 255),
};

const OKABE_ITO_LIGHT: Palette = {
  ok: colour(34, 0, 114, 178),
  warn: colour(35, 204, 121, 167),
  bad: colour(33, 213, 94, 0),
  accent: colour(36, 0, 158, 115),
  mainnet: colour(33, 213, 94, 0),
  onMainnet: colour(97, 255, 255, 255),
};

const PALETTES: Readonly<Record<Exclude<ThemeName, 'auto'>, Palette>> = {
  ansi: ANSI,
  dark: DARK,
  light: LIGHT,
  'okabe-ito': OKABE_ITO,
  'okabe-ito-light': OKABE_ITO_LIGHT,
};

/** Some terminals say `foreground;background`; of the sixteen, 7 and 15 are light. Undefined: nobody knows. */
const hasLightBackground = ({COLORFGBG: colours}: NodeJS.ProcessEnv): boolean | undefined => {
  const paper = colours?.split(';').at(-1);
  return paper === undefined || !/^\d+$/.test(paper) ? undefined : ['7', '15'].includes(paper);
};

/** `auto` uses colours of its own only where it knows on what they are drawn. */
export const paletteOf = (name: ThemeName, environment: NodeJS.ProcessEnv): Palette => {
  if (name !== 'auto') return PALETTES[name];
  const isLight = hasLightBackground(environment);
  if (isLight === undefined) return ANSI;
  return isLight ? LIGHT : DARK;
};

/** NO_COLOR counts when set and not empty (no-color.org). */
export const depthOf = ({NO_COLOR: noColour, COLORTERM: kind = '', TERM: name = ''}: NodeJS.ProcessEnv): Depth => {
  if (noColour || /^(vt\d|dumb|.*-m$|.*-mono)/.test(name)) return 0;
  if (/^(truecolor|24bit)$/i.test(kind) || name.endsWith('-direct')) return 'true';
  return name.includes('256color') ? 256 : 16;
};

const LEVELS = [0, 95, 135, 175, 215, 255];
const nearestLevel = (value: number): number =>
  LEVELS.reduce((best, level, index) => (Math.abs(level - value) < Math.abs(LEVELS[best]! - value) ? index : best), 0);

/** Number of the nearest colour of the 6x6x6 cube. */
const cubeNumber = ([red, green, blue]: NonNullable<Colour['rgb']>): number =>
  16 + 36 * nearestLevel(red) + 6 * nearestLevel(green) + nearestLevel(blue);

/** SGR parameters of a text colour. */
export const foregroundCode = ({ansi, rgb}: Colour, depth: Depth): string => {
  if (!rgb || depth === 16) return String(ansi);
  return depth === 'true' ? `38;2;${rgb.join(';')}` : `38;5;${cubeNumber(rgb)}`;
};

/** SGR parameters of a background. */
export const backgroundCode = ({ansi, rgb}: Colour, depth: Depth): string => {
  if (!rgb || depth === 16) return String(ansi + 10);
  return depth === 'true' ? `48;2;${rgb.join(';')}` : `48;5;${cubeNumber(rgb)}`;
};
