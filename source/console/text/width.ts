import {cleanText} from '../../primitives/clean-text.ts';

const PRINTABLE_ASCII = /^[\u0020-\u007e]*$/;
// What terminals disagree about: variation selectors, keycaps, regional indicators, skin tones, conjoining jamo, circled
// numbers on squares, lone surrogates, private use. Drawn escaped, so that a line is never wider than we counted.
const DISPUTED =
  // oxlint-disable-next-line no-misleading-character-class -- these are single characters to find, not sequences
  /[\ufe00-\ufe0f\u20e3\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\u3164\u3248-\u324f\uffa0\u115f\u1160\p{Cs}\p{Co}\p{Cn}\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\u{e0100}-\u{e01ef}]/gu;
/**
 * Marks that Unicode has added since its version 5, and those it calls format characters there: terminals whose tables
 * are older, xterm's among them, give each a cell of its own. The ranges left out were measured on xterm.
 */
const YOUNG_MARKS =
  // oxlint-disable-next-line no-misleading-character-class -- these are single characters to find, not sequences
  /(?![\u0300-\u0486\u0488-\u0603\u0610-\u0615\u064b-\u065e\u0670-\u07f3\u0901-\u0902\u093c-\u0954\u0962-\u09e3\u0a01-\u0a4d\u0a70-\u0a71\u0a81-\u0ae3\u0b01-\u0b43\u0b4d\u0b56\u0b82-\u0bcd\u0c3e-\u0c56\u0cbc-\u0ce3\u0d41-\u0d43\u0d4d\u0dca-\u0eb9\u0ebb-\u0ecd\u0f18-\u0f87\u0f90-\u1032\u1036-\u1039\u1058-\u1059\u135f-\u180d\u18a9-\u1a18\u1b00-\u1b73\u1dc0-\u1dca\u1dfe-\u20ef\u302a-\u309a\ua806-\ua826\ufb1e-\ufe23\u{10a01}-\u{10a3f}\u{1d167}-\u{1d244}])[\p{Mn}\p{Me}\p{Cf}]/gu;
const MARKS = /(\p{M}{2})\p{M}+/gu;
// A mark on nothing, at the beginning or after a space: it would join whatever is drawn before it.
const LONE_MARK = /(?<=^| )[\p{Mn}\p{Me}]/gu;
const ZERO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}/u;
const WIDE =
  /[\u2e80-\u303e\u3041-\u3247\u3250-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

const escapeCharacter = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

const escaped = (text: string): string =>
  cleanText(text.normalize('NFC'))
    .replace(DISPUTED, escapeCharacter)
    .replace(YOUNG_MARKS, escapeCharacter)
    .replace(MARKS, '$1')
    .replace(LONE_MARK, escapeCharacter);

// The same borders, glyphs and labels come every second; only a few thousand are remembered, whatever labels come by.
const MOST_REMEMBERED = 4000;
const remembered = new Map<string, {readonly text: string; readonly width: number}>();

const remember = (text: string): {readonly text: string; readonly width: number} => {
  const known = remembered.get(text);
  if (known) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const clean = escaped(text);
  const entry = {text: clean, width: measure(clean)};
  remembered.set(text, entry);
  return entry;
};

/**
 * Text as it may be drawn: control, bidi and zero-width characters and whatever terminals measure differently shown as
 * `\u{..}`. Everything that becomes a span goes through it, so nothing foreign reaches the terminal as it came.
 */
export const drawable = (text: string): string => {
  if (PRINTABLE_ASCII.test(text)) return text.length > 1000 ? cleanText(text) : text;
  return remember(text).text;
};

const characterWidth = (character: string): number => {
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
};

const measure = (text: string): number => {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
};

/** Terminal cells of drawable text. */
export const widthOf = (text: string): number => (PRINTABLE_ASCII.test(text) ? text.length : measure(text));

/** Drawable text and its width. */
export const drawn = (text: string): {readonly text: string; readonly width: number} => {
  if (!PRINTABLE_ASCII.test(text)) return remember(text);
  const clean = drawable(text);
  return {text: clean, width: clean.length};
};

/** The longest beginning of `text` that fits into `width` cells; may be one cell short before a wide character. */
export const cutToWidth = (text: string, width: number): string => {
  if (PRINTABLE_ASCII.test(text)) return text.slice(0, Math.max(0, width));
  let cells = 0;
  let cut = '';
  for (const character of text) {
    cells += characterWidth(character);
    if (cells > width) break;
    cut += character;
  }
  return cut;
};

/** Drawable text of exactly at most `width` cells, ending in `…` when something was left out. */
export const truncate = (text: string, width: number): string => {
  if (width <= 0) return '';
  return widthOf(text) <= width ? text : `${cutToWidth(text, width - 1)}…`;
};

/** Both ends of a long id, so that two of them can be told apart: `bc1q8f…x7k2`. */
export const middle = (text: string, width: number): string => {
  const clean = drawable(text);
  if (widthOf(clean) <= width) return clean;
  if (width < 5 || !PRINTABLE_ASCII.test(clean)) return truncate(clean, width);
  const tail = Math.floor((width - 1) / 2);
  return `${clean.slice(0, width - 1 - tail)}…${clean.slice(clean.length - tail)}`;
};

/** `abcd efgh …`, as people compare them. */
export const inFours = (text: string): string => drawable(text).replace(/(.{4})(?=.)/gu, '$1 ');
