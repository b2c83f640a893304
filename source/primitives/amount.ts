import {EngineError} from './errors.ts';

/** An amount in the coin's smallest unit (satoshi, litoshi, koinu). Never a float, never a JSON number. */
export type Satoshi = bigint & {readonly __unit: 'satoshi'};

/** Brands an integer that is already in the smallest unit: raw transactions, database columns. */
export const satoshi = (value: bigint): Satoshi => value as Satoshi;

/** Sum in the smallest unit; the empty sum is zero. */
export const sum = (amounts: Iterable<bigint>): Satoshi => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total as Satoshi;
};

const DECIMAL = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]+))?$/;

/**
 * Reads a decimal string such as `1`, `1.5` or `0.00010000` exactly.
 * Refused with code `bad_amount`: signs, exponents, commas, leading zeros, other digits, more than `decimals` places,
 * anything longer than 32 characters. Zero is read; callers that need a positive amount say so themselves.
 */
export const parseAmount = (text: string, decimals = 8): Satoshi => {
  if (text.length > 32) throw badAmount(`is ${text.length} characters long`, decimals);
  const match = DECIMAL.exec(text);
  if (!match) throw badAmount(`${JSON.stringify(text)} is not a plain decimal number`, decimals);
  const fraction = match[2] ?? '';
  if (fraction.length > decimals) throw badAmount(`${text} has ${fraction.length} decimals`, decimals);
  return BigInt(match[1] + fraction.padEnd(decimals, '0')) as Satoshi;
};

const badAmount = (problem: string, decimals: number) =>
  new EngineError('bad_amount', `amount ${problem}; expected a string such as "1.5" with at most ${decimals} decimals`);

/** Writes exactly `decimals` places: `0.50000000`, `-1.00000000`. */
export const formatAmount = (amount: bigint, decimals = 8): string => {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0');
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
};
