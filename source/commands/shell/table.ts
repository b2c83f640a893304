import {styleText} from 'node:util';
import {cleanText} from '../../primitives/clean-text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'right';
  /**
   * Where a cell that does not fit the terminal is cut: ids in the `middle`, so that both ends can be compared, words at
   * the `end`. Without it the column is never cut: half an amount is a wrong amount.
   */
  readonly cut?: 'middle' | 'end';
  /** States, coloured by their first word on a terminal that shows colours. */
  readonly coloured?: boolean;
  cell(row: Row): string | number | null | undefined;
}

/** What the place can show that a table is written to. */
export interface Look {
  /** Columns of the terminal; undefined: as wide as it takes. */
  readonly width?: number | undefined;
  readonly colours?: boolean;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NARROWEST = 7;
const GAP = '  ';

const widthOfCharacter = (character: string): number => {
  if (/\p{M}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
};

/** Terminal columns of a text without control characters: wide characters take two, combining marks none. */
const widthOf = (text: string): number => {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
};

const pad = (text: string, width: number, align: 'left' | 'right'): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? space + text : text + space;
};

/** As many characters from the beginning as fit. */
const fitting = (characters: readonly string[], width: number): string[] => {
  let used = 0;
  const end = characters.findIndex(character => (used += widthOfCharacter(character)) > width);
  return end < 0 ? [...characters] : characters.slice(0, end);
};

const cutTo = (text: string, width: number, cut: 'middle' | 'end'): string => {
  if (widthOf(text) <= width) return text;
  const characters = Array.from(text);
  const tail = cut === 'end' ? 0 : Math.floor((width - 1) / 2);
  const end = fitting(characters.toReversed(), tail).toReversed();
  return [...fitting(characters, width - 1 - tail), '…', ...end].join('');
};

/** Takes from the widest column that may be cut, until the line fits or nothing is left to take. */
const fitWidths = <Row>(wanted: readonly number[], columns: readonly Column<Row>[], width: number): number[] => {
  const widths = [...wanted];
  let excess = widths.reduce((sum, one) => sum + one + GAP.length, 0 - GAP.length) - width;
  while (excess > 0) {
    const cuttable = widths.map((one, index) => (columns[index]!.cut === undefined || one <= NARROWEST ? 0 : one));
    const widest = Math.max(...cuttable);
    if (widest === 0) break;
    widths[cuttable.indexOf(widest)]! -= 1;
    excess -= 1;
  }
  return widths;
};

const GOOD = /^(ok|open|settled|credited|confirmed|finished|delivered|balanced|fine)\b/;
const BAD = /^(FROZEN|FAILED|FAULT|DRIFT|failed|dropped|conflicted|dead|off|down|refused|failing|stalled)\b/;
const WAITING = /^(held|retrying|paused|detected|interrupted|waiting|degraded|behind|abandoned|cancelled)\b/;

const colourOf = (text: string): 'green' | 'red' | 'yellow' | undefined => {
  if (GOOD.test(text)) return 'green';
  if (BAD.test(text)) return 'red';
  return WAITING.test(text) ? 'yellow' : undefined;
};

/** Every state is a word; the colour only helps to find it. */
const paint = (text: string, isHeader: boolean, column: Column<never>): string => {
  if (isHeader) return styleText('dim', text, {validateStream: false});
  const colour = column.coloured ? colourOf(text.trim()) : undefined;
  return colour === undefined ? text : styleText(colour, text, {validateStream: false});
};

/** Aligned lines under a header. Foreign text is shown escaped; `-` stands for what is not there. */
export const formatTable = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], look: Look = {}): string[] => {
  const cells = [
    columns.map(column => column.title),
    ...rows.map(row => columns.map(column => cleanText(String(column.cell(row) ?? '-'), 120))),
  ];
  const wanted = columns.map((_, index) => Math.max(...cells.map(line => widthOf(line[index]!))));
  const widths = look.width === undefined ? wanted : fitWidths(wanted, columns, look.width);
  return cells.map((line, lineIndex) => {
    const last = line.findLastIndex(text => text !== '');
    return line
      .slice(0, last + 1)
      .map((text, index) => {
        const column = columns[index]!;
        const shown = column.cut === undefined ? text : cutTo(text, widths[index]!, column.cut);
        const isLast = index === last && column.align !== 'right';
        const padded = isLast ? shown : pad(shown, widths[index]!, column.align ?? 'left');
        return look.colours ? paint(padded, lineIndex === 0, column) : padded;
      })
      .join(GAP);
  });
};

/** `name   value` lines of one thing; those without a value are left out. */
export const formatFields = (
  fields: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string[] => {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${cleanText(String(value))}`);
};

/** `2026-01-31 12:00:00`, of a time of the contract. Headings say that it is UTC. */
export const formatTime = (time: string | null | undefined): string | undefined => time?.slice(0, 19).replace('T', ' ');
