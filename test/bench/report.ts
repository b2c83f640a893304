import {mkdirSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';

/** One measured figure. The ratio to a reference of the same run is what counts: machines differ. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, measured in the same run. */
  readonly reference?: {readonly name: string; readonly value: number};
  /** value / reference, or reference / value where more is better. */
  readonly ratio?: number;
  readonly limit?: {readonly of: 'value' | 'ratio'; readonly at: number; readonly better: 'below' | 'above'};
}

export const meets = ({value, ratio, limit}: Figure): boolean | undefined => {
  if (limit === undefined) return undefined;
  const measured = limit.of === 'ratio' ? (ratio ?? Number.NaN) : value;
  return limit.better === 'below' ? measured <= limit.at : measured >= limit.at;
};

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
export const median = (values: readonly number[]): number => percentile(values, 0.5);

const round = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3);

const row = (figure: Figure): string[] => {
  const {name, value, unit, reference, ratio, limit} = figure;
  const sign = limit?.better === 'above' ? '>=' : '<=';
  const asked = limit === undefined ? '' : `${sign} ${limit.at}${limit.of === 'ratio' ? 'x' : ` ${unit}`}`;
  const verdict = meets(figure);
  return [
    name,
    `${round(value)} ${unit}`,
    reference === undefined ? '' : `${round(reference.value)} (${reference.name})`,
    ratio === undefined ? '' : `${round(ratio)}x`,
    asked,
    verdict === undefined ? '' : verdict ? 'ok' : 'MISSED',
  ];
};

export const printTable = (figures: readonly Figure[]): void => {
  const rows = [['figure', 'measured', 'reference', 'ratio', 'asked', ''], ...figures.map(row)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(cells => cells[column]!.length)));
  for (const cells of rows)
    console.log(
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
};

export const writeResults = (figures: readonly Figure[]): void => {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, {recursive: true});
  const results = {
    at: new Date().toISOString(),
    node: process.version,
    cpus: cpus().length,
    figures: figures.map(figure => ({...figure, ok: meets(figure)})),
  };
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify(results, null, 2)}\n`);
};
