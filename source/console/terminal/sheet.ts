import {blank, lineWidth, type Line, type Span} from '../text/line.ts';
import {cutToWidth, widthOf} from '../text/width.ts';

/** One line as it is drawn somewhere. */
export interface Strip {
  readonly line: Line;
  /** The same with escape codes. */
  readonly text: string;
  readonly width: number;
  paint(line: Line): string;
}

interface Placed {
  readonly from: number;
  readonly to: number;
  readonly line: Line;
}

// Private characters of one cell: what is drawn is cleaned of them (text/width.ts).
const FIRST = 0xf_0000;
const MOST = 0xfffd;
const MARK = /[\u{f0000}-\u{ffffd}]/u;

/** Cells `from` to `to` of a line. A wide character cut in two is a blank. */
const slice = (line: Line, from: number, to: number): Line => {
  const pieces: Span[] = [];
  let start = 0;
  for (const piece of line) {
    const [begin, end] = [Math.max(from, start) - start, Math.min(to, start + piece.width) - start];
    if (begin < end) {
      const head = cutToWidth(piece.text, begin);
      const text = cutToWidth(piece.text.slice(head.length), end - begin);
      pieces.push({text, width: widthOf(text), style: piece.style}, blank(end - begin - widthOf(text)));
    }
    start += piece.width;
  }
  const missing = to - from - lineWidth(pieces);
  return missing > 0 ? [...pieces, blank(missing)] : pieces;
};

/** Later ones cover earlier ones. */
const layOver = (strips: readonly Placed[]): Placed[] => {
  let shown: Placed[] = [];
  for (const strip of strips) {
    shown = shown.flatMap(({from, to, line}) => {
      if (to <= strip.from || from >= strip.to) return [{from, to, line}];
      const left = from < strip.from ? [{from, to: strip.from, line: slice(line, 0, strip.from - from)}] : [];
      const right = to > strip.to ? [{from: strip.to, to, line: slice(line, strip.to - from, to - from)}] : [];
      return [...left, ...right];
    });
    shown.push(strip);
  }
  return shown.sort((one, other) => one.from - other.from);
};

/**
 * Lines of one frame. Ink lays out and layers a mark of one cell for each; the frame it hands over is put together from
 * the lines behind the marks. Ink takes every styled line apart into characters anew for every frame, which is more than
 * everything else that a frame costs.
 */
export class Sheet {
  #strips: Strip[] = [];

  /** The mark to be laid out, in the order in which strips cover each other. */
  add(strip: Strip): string {
    // Frames that were laid out and never drawn.
    if (this.#strips.length >= MOST) this.#strips = [];
    this.#strips.push(strip);
    return String.fromCodePoint(FIRST + this.#strips.length - 1);
  }

  /** A frame of marks as lines of text, none wider than `columns`; its marks mean nothing afterwards. */
  compose(frame: string, columns: number): string[] {
    const lines = frame.split('\n').map(row => (MARK.test(row) ? this.#row(row, columns).trimEnd() : row));
    this.#strips = [];
    return lines;
  }

  #row(row: string, columns: number): string {
    const found: {index: number; from: number; strip: Strip}[] = [];
    let cell = 0;
    for (const character of row) {
      const index = character.codePointAt(0)! - FIRST;
      const strip = index >= 0 ? this.#strips[index] : undefined;
      if (strip && strip.width > 0) found.push({index, from: cell, strip});
      cell += 1;
    }
    let text = '';
    let end = 0;
    for (const {from, strip} of found) {
      if (from < end || from + strip.width > columns) return layered(found, columns);
      text += ' '.repeat(from - end) + strip.text;
      end = from + strip.width;
    }
    return text;
  }
}

const layered = (found: readonly {index: number; from: number; strip: Strip}[], columns: number): string => {
  const placed = found
    .toSorted((one, other) => one.index - other.index)
    .map(({from, strip}) => ({from, to: from + strip.width, line: strip.line}));
  const line: Span[] = [];
  let end = 0;
  for (const {from, to, line: piece} of layOver(placed)) {
    line.push(blank(from - end), ...piece);
    end = to;
  }
  return found[0]!.strip.paint(slice(line, 0, Math.min(end, columns)));
};
