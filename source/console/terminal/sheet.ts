import {blank, lineWidth, type Line, type Span} from '../text/line.ts';
import {cutToWidth, widthOf} from '../text/width.ts';

/** How lines become text with escape codes. */
interface Painter {
  paint(line: Line): string;
}

/** One line as it is drawn somewhere. */
interface Strip {
  readonly line: Line;
  /** The same with escape codes. */
  readonly text: string;
  readonly width: number;
  readonly painter: Painter;
}

interface Placed {
  readonly from: number;
  readonly to: number;
  readonly line: Line;
}

// Private characters of one cell: what is drawn is cleaned of them (text/width.ts).
const FIRST = 0xf_0000;
const MOST = 0xfffd;

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

/** The lines of one block of the screen, wherever the layout puts them. */
export class Slot {
  readonly #onChange: () => void;
  #strips: readonly Strip[] = [];

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  put(lines: readonly Line[], painter: Painter): void {
    const before = this.#strips;
    let isNew = lines.length !== before.length;
    this.#strips = lines.map((line, index): Strip => {
      const text = painter.paint(line);
      const known = before[index];
      if (known?.text === text && known.painter === painter) return known;
      isNew = true;
      return {line, text, width: lineWidth(line), painter};
    });
    if (isNew) this.#onChange();
  }

  at(index: number): Strip | undefined {
    return this.#strips[index];
  }
}

/** Where a strip of a slot begins in a row. */
interface Place {
  readonly slot: Slot;
  readonly index: number;
  readonly from: number;
  /** Of two strips on the same cells the one with the higher order is seen. */
  readonly order: number;
}

interface Row {
  readonly places: readonly Place[];
  strips: readonly (Strip | undefined)[];
  text: string;
}

/**
 * What stands on the screen. Ink lays out and layers blocks, with a mark of one cell for each of their lines; the lines
 * themselves lie in slots. A line that changes where it stands is painted without Ink and without a layout: at rest that
 * is all that happens, and Ink's part is more than everything else that a frame costs.
 */
export class Sheet {
  readonly #paint: () => void;
  #marked: {readonly slot: Slot; readonly index: number}[] = [];
  #rows: readonly Row[] = [];
  #columns = 0;
  #isDue = false;

  /** `paint` is called when there is something new to compose, once for all that changes together. */
  constructor(paint: () => void) {
    this.#paint = paint;
  }

  slot(): Slot {
    return new Slot(() => {
      this.#schedule();
    });
  }

  /** The mark that is laid out for a line of a slot, in the order in which they cover each other. */
  mark(slot: Slot, index: number): string {
    // Frames that were laid out and never handed over.
    if (this.#marked.length >= MOST) this.#marked = [];
    this.#marked.push({slot, index});
    return String.fromCodePoint(FIRST + this.#marked.length - 1);
  }

  /** Takes a frame of marks as the layout from now on; the marks mean nothing afterwards. */
  layOut(frame: string): void {
    this.#rows = frame.split('\n').map((row): Row => {
      const places: Place[] = [];
      let from = 0;
      for (const character of row) {
        const order = character.codePointAt(0)! - FIRST;
        const marked = order >= 0 ? this.#marked[order] : undefined;
        if (marked) places.push({...marked, from, order});
        from += 1;
      }
      return {places, strips: [], text: ''};
    });
    this.#marked = [];
    this.#schedule();
  }

  /** The lines of now, none wider than `columns`. */
  compose(columns: number): string[] {
    const isSameWidth = columns === this.#columns;
    this.#columns = columns;
    return this.#rows.map(row => {
      const strips = row.places.map(({slot, index}) => slot.at(index));
      if (!isSameWidth || strips.length !== row.strips.length || strips.some((strip, at) => strip !== row.strips[at])) {
        row.strips = strips;
        row.text = textOf(row, columns).trimEnd();
      }
      return row.text;
    });
  }

  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#paint();
    });
  }
}

interface Found {
  readonly from: number;
  readonly order: number;
  readonly strip: Strip;
}

const textOf = ({places, strips}: Row, columns: number): string => {
  const found = places.flatMap(({from, order}, at): Found[] => {
    const strip = strips[at];
    return strip && strip.width > 0 ? [{from, order, strip}] : [];
  });
  let text = '';
  let end = 0;
  for (const {from, strip} of found) {
    if (from < end || from + strip.width > columns) return layered(found, columns);
    text += ' '.repeat(from - end) + strip.text;
    end = from + strip.width;
  }
  return text;
};

const layered = (found: readonly Found[], columns: number): string => {
  const placed = found
    .toSorted((one, other) => one.order - other.order)
    .map(({from, strip}) => ({from, to: from + strip.width, line: strip.line}));
  const line: Span[] = [];
  let end = 0;
  for (const {from, to, line: piece} of layOver(placed)) {
    line.push(blank(from - end), ...piece);
    end = to;
  }
  return found[0]!.strip.painter.paint(slice(line, 0, Math.min(end, columns)));
};
