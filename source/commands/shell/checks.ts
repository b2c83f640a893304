import type {Config} from '../../config/config.ts';
import {scanMethod, type ScanMethod} from '../../contract/index.ts';
import {didYouMean} from '../../config/nearest.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Flags} from './flags.ts';
import {UsageError} from './usage-error.ts';

// Values of the command line that are judged here; whatever else is wrong, the engine refuses.

/** The coin as configured. Throws `unknown_coin`. */
export const coinOf = (config: Config, coin: string): string => {
  if (config.coins.has(coin)) return coin;
  const known = [...config.coins.keys()];
  throw new EngineError(
    'unknown_coin',
    `the coin ${JSON.stringify(coin)} is not configured; configured: ${known.join(', ')}`,
    {field: 'coin'},
  );
};

const wholeNumber = (name: string, text: string, minimum: number, maximum: number): number => {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < minimum || value > maximum)
    throw new UsageError(`--${name} ${JSON.stringify(text)}: expected a whole number from ${minimum} to ${maximum}`);
  return value;
};

/** What lists take. */
export const pageOf = (flags: Flags): {limit: number; cursor?: string} => ({
  limit: flags.limit === undefined ? 100 : wholeNumber('limit', flags.limit, 1, 1000),
  ...(flags.cursor !== undefined && {cursor: flags.cursor}),
});

/** A parameter that is the sequence of an event. */
export const sequenceOf = (name: string, text: string, minimum = 1): number => {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < minimum)
    throw new UsageError(`<${name}> ${JSON.stringify(text)}: expected the sequence of an event, ${minimum} or more`);
  return value;
};

export const afterOf = (flags: Flags): number =>
  flags.after === undefined ? 0 : wholeNumber('after', flags.after, 0, Number.MAX_SAFE_INTEGER);

/** `--status`, when it is one of those there are. */
export const statusOf = <Status extends string>(flags: Flags, known: readonly Status[]): Status | undefined => {
  const wanted = flags.status;
  if (wanted === undefined) return undefined;
  const found = known.find(status => status === wanted);
  if (found === undefined)
    throw new UsageError(
      `--status ${JSON.stringify(wanted)}: expected one of ${known.join(', ')}${didYouMean(wanted, known)}`,
    );
  return found;
};

/** `--rate` in sat/vB. */
export const feeRateOf = (flags: Flags): number | undefined => {
  const text = flags.rate;
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text) || rate <= 0)
    throw new UsageError(`--rate ${JSON.stringify(text)}: expected sat/vB such as 25 or 2.5`);
  return rate;
};

/** `--from` as a height or a day that exists. */
export const methodOf = ({method}: Flags): ScanMethod | undefined => {
  if (method === undefined) return undefined;
  const {success, data} = scanMethod.safeParse(method);
  if (!success)
    throw new UsageError(`--method ${JSON.stringify(method)}: expected one of ${scanMethod.options.join(', ')}`);
  return data;
};

export const fromOf = (flags: Flags): number | string | undefined => {
  const {from} = flags;
  if (from === undefined) return undefined;
  if (/^\d{1,9}$/.test(from)) return Number(from);
  const day = /^\d{4}-\d{2}-\d{2}$/.test(from) ? Date.parse(from) : Number.NaN;
  // 2026-02-30 is read as a day in March.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== from)
    throw new UsageError(`--from ${JSON.stringify(from)}: expected a block height or a day such as 2026-01-31`);
  return from;
};
