import type {LogLine, Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import type {LogRow} from '../rows.ts';
import {formatClock, formatCount} from '../text/format.ts';
import {span, type Line, type Span, type Style} from '../text/line.ts';
import type {Column} from '../text/table.ts';
import {drawable, truncate} from '../text/width.ts';
import {listPane, paneTitle, timeWidth, timeWord, type PaneFrame} from './list-pane.ts';

const LEVELS: Readonly<Record<LogLine['level'], {readonly word: string; readonly style: Style}>> = {
  debug: {word: 'debug', style: 'dim'},
  info: {word: 'info', style: 'plain'},
  warn: {word: '▲ WARN', style: 'warn'},
  error: {word: '✗ ERROR', style: 'bad'},
};

const clockOf = (time: string): string => formatClock(Date.parse(time) || 0);

/** `(x23 since 13:48)` */
const repeats = ({count, since}: LogLine): string =>
  count < 2 ? '' : ` (x${formatCount(count)} since ${clockOf(since).slice(0, 5)})`;

/** What was said and how often; the words give way, the count does not. */
const textOf = (line: LogLine, width: number): Line => {
  const tail = repeats(line);
  return [span(truncate(drawable(line.text), Math.max(8, width - tail.length))), span(tail, 'accent')];
};

const columns = (pane: PaneFrame): readonly Column<LogRow>[] => [
  {
    title: 'TIME',
    width: pane.showsClock ? timeWidth(pane) : 8,
    drop: 3,
    // A log is read by the clock, whatever the other panes show.
    cell: ({line}) => span(clockOf(line.at), 'dim'),
  },
  {title: 'LEVEL', width: 7, drop: 0, cell: ({line}): Span => span(LEVELS[line.level].word, LEVELS[line.level].style)},
  {
    title: 'FROM',
    width: 12,
    grow: 20,
    drop: 2,
    cell: ({line}, width) => span(truncate(drawable(line.source ?? ''), width), 'dim'),
  },
  {title: 'TEXT', width: 20, grow: 1000, drop: 0, cell: ({line}, width) => textOf(line, width)},
];

export const drawLog = (status: Status | undefined, list: List<LogRow>, pane: PaneFrame): Line[] =>
  listPane(
    {
      title: paneTitle(5, `Log ${pane.logLevel}+`, ['repeats folded'], pane),
      list,
      columns: columns(pane),
      isBare: true,
      empty: status ? 'the engine has logged nothing at this level' : '',
    },
    pane,
  );

/** The newest lines without a frame, for the narrow screen. */
export const logLines = (list: List<LogRow>, pane: PaneFrame, count: number): Line[] =>
  Array.from({length: count}, (_, index): Line => {
    const row = list.at(index);
    if (!row) return [];
    const {line} = row;
    const {word, style} = LEVELS[line.level];
    const age = timeWord(line.at, pane);
    const head = [span(' log ', 'dim'), span(`${age} `.padStart(6), 'dim'), span(`${word} `, style)];
    return [...head, ...textOf(line, pane.width - 24), span(line.source === null ? '' : `  ${line.source}`, 'dim')];
  });
