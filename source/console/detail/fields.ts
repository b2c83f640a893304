import {formatAgeOf, formatCount, formatTime} from '../text/format.ts';
import {line, span, wrap, type Line, type Span, type Style} from '../text/line.ts';
import {inFours} from '../text/width.ts';

// Label and value, values wrapped. Values are whole here, never cut in the middle.

export const LABEL = 18;

export const field = (label: string, value: string | Span, width: number, style: Style = 'plain'): Line[] => {
  const head = span(label.padEnd(LABEL), 'dim');
  if (typeof value !== 'string') return [[head, value]];
  return wrap(value, Math.max(10, width - LABEL), style).map((rest, index) =>
    line(index === 0 ? head : span(' '.repeat(LABEL)), ...rest),
  );
};

export const optional = (label: string, value: string | undefined | null, width: number, style?: Style): Line[] =>
  value === undefined || value === null || value === '' ? [] : field(label, value, width, style);

export const when = (time: string | null | undefined, now: number): string | undefined =>
  time ? `${formatTime(time)}  (${formatAgeOf(time, now)} ago)` : undefined;

export const blockOf = (item: {
  block_height?: number | undefined;
  block_hash?: string | undefined;
}): string | undefined =>
  item.block_height === undefined ? undefined : `${formatCount(item.block_height)}  ${inFours(item.block_hash ?? '')}`;

/** A title between parts of a detail. */
export const heading = (title: string): Line[] => [[], [span(title, 'title')]];

/** 64 hex digits a line, in fours, so that two of them can be compared. */
export const rawLines = (raw: string | undefined, width: number): Line[] => {
  if (raw === undefined) return [];
  const perLine = Math.max(8, Math.floor((width + 1) / 5) * 4);
  const lines: Line[] = [];
  for (let at = 0; at < raw.length; at += perLine) lines.push([span(inFours(raw.slice(at, at + perLine)), 'dim')]);
  return [...heading(`Raw transaction · ${formatCount(raw.length / 2)} bytes`), ...lines];
};
