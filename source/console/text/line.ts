import {cutToWidth, drawable, drawn, truncate, widthOf} from './width.ts';

/** What a piece of text means; theme.ts says how that looks. */
export type Style =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'ok'
  | 'warn'
  | 'bad'
  | 'accent'
  | 'title'
  | 'frame'
  | 'frameFocus'
  | 'key'
  | 'inverse'
  | 'alarm'
  | 'mainnet'
  | 'testnet';

/** Made by `span` only, which cleans the text. */
export interface Span {
  readonly text: string;
  readonly width: number;
  readonly style: Style;
}
export type Line = readonly Span[];

export const span = (text: string, style: Style = 'plain'): Span => {
  const {text: clean, width} = drawn(text);
  return {text: clean, width, style};
};

export const line = (...parts: (Span | string | false | undefined)[]): Line =>
  parts.flatMap(part => (part === false || part === undefined ? [] : [typeof part === 'string' ? span(part) : part]));

export const blank = (width: number): Span => ({
  text: ' '.repeat(Math.max(0, width)),
  width: Math.max(0, width),
  style: 'plain',
});

export const lineWidth = (spans: Line): number => spans.reduce((sum, {width}) => sum + width, 0);

/** Exactly `width` cells: cut with `…`, or padded on the right. */
export const fit = (spans: Line, width: number): Line => {
  const total = lineWidth(spans);
  if (total === width) return spans;
  if (total < width) return [...spans, blank(width - total)];
  const kept: Span[] = [];
  let left = width;
  for (const piece of spans) {
    if (piece.width < left) {
      kept.push(piece);
      left -= piece.width;
      continue;
    }
    const text = `${cutToWidth(piece.text, left - 1)}${left > 0 ? '…' : ''}`;
    kept.push({text, width: widthOf(text), style: piece.style});
    left -= widthOf(text);
    break;
  }
  return left > 0 ? [...kept, blank(left)] : kept;
};

/** `left` and `right` at the two ends of `width` cells; the left one is cut first. */
export const spread = (left: Line, right: Line, width: number): Line => {
  const rightWidth = Math.min(lineWidth(right), width);
  if (rightWidth === 0) return fit(left, width);
  const room = width - rightWidth - 1;
  return room < 1 ? fit(right, width) : [...fit(left, room), blank(1), ...fit(right, rightWidth)];
};

export const isSameLine = (one: Line, other: Line): boolean =>
  one.length === other.length &&
  one.every(({text, style}, index) => text === other[index]!.text && style === other[index]!.style);

export const joinLines = (parts: readonly Line[], separator: Span): Line =>
  parts.flatMap((part, index) => (index === 0 ? part : [separator, ...part]));

/** A word that is too long for a line, in pieces that are not. A character wider than the line gets one of its own. */
const chop = (word: string, width: number): string[] => {
  const pieces: string[] = [];
  let rest = word;
  for (;;) {
    const head = cutToWidth(rest, width) || String.fromCodePoint(rest.codePointAt(0) ?? 0x20);
    pieces.push(head);
    if (head.length >= rest.length) return pieces;
    rest = rest.slice(head.length);
  }
};

/** Words broken at spaces into lines of at most `width` cells; the last allowed line ends in `…` when there is more. */
export const wrap = (text: string, width: number, style: Style = 'plain', maxLines = 20): Line[] => {
  const lines: string[] = [];
  let current = '';
  for (const word of drawable(text).split(' ')) {
    const candidate = current === '' ? word : `${current} ${word}`;
    if (widthOf(candidate) <= width) {
      current = candidate;
      continue;
    }
    if (current !== '') lines.push(current);
    current = word;
    const pieces = chop(current, width);
    lines.push(...pieces.slice(0, -1));
    current = pieces.at(-1) ?? '';
  }
  if (current !== '' || lines.length === 0) lines.push(current);
  const shown = lines.slice(0, maxLines);
  if (lines.length > maxLines) shown[maxLines - 1] = truncate(`${shown[maxLines - 1]} …`, width);
  return shown.map(text => [span(text, style)]);
};

/** The same text in one style: a selected row (`inverse`), values that may not be true any more (`dim`). */
export const restyle = (spans: Line, style: Style): Line => spans.map(piece => ({...piece, style}));

/** Parts with a separator between them; while too wide the part with the highest `drop` goes. `drop: 0` stays. */
export const fitParts = (
  parts: readonly {readonly line: Line; readonly drop: number}[],
  width: number,
  separator: Span = blank(2),
): Line => {
  let kept = [...parts];
  const needed = () =>
    kept.reduce((sum, part) => sum + lineWidth(part.line), 0) + separator.width * Math.max(0, kept.length - 1);
  // What may not go stays, also where nothing has room.
  while (kept.length > 0 && needed() > width) {
    const worst = Math.max(...kept.map(part => part.drop));
    if (worst === 0) break;
    kept = kept.filter(part => part.drop !== worst);
  }
  return joinLines(
    kept.map(part => part.line),
    separator,
  );
};
