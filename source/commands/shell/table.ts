import {cleanText} from '../../primitives/clean-text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'right';
  cell(row: Row): string | number | null | undefined;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Terminal columns of a text without control characters: wide characters take two, combining marks none. */
const widthOf = (text: string): number => {
  let width = 0;
  for (const character of text) if (!/\p{M}/u.test(character)) width += WIDE.test(character) ? 2 : 1;
  return width;
};

const pad = (text: string, width: number, align: 'left' | 'right'): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? space + text : text + space;
};

/** Aligned lines under a header. Foreign text is shown escaped; `-` stands for what is not there. */
export const formatTable = <Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] => {
  const cells = [
    columns.map(column => column.title),
    ...rows.map(row => columns.map(column => cleanText(String(column.cell(row) ?? '-'), 120))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map(line => widthOf(line[index]!))));
  return cells.map(line =>
    line
      .map((text, index) => pad(text, widths[index]!, columns[index]!.align ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
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
