import type {Satoshi} from '../primitives/amount.ts';
import type {SizeOfInput} from './sizes.ts';

export interface SelectionRules {
  /** sat/vB; minRate <= rate <= maxRate. */
  readonly rate: number;
  readonly minRate: number;
  readonly maxRate: number;
  readonly change: {readonly address: string; readonly scriptPubKey: Buffer};
  dustLimit(scriptPubKey: Uint8Array): Satoshi;
  /**
   * sat/vB at or below which small coins are taken along, and what spending a coin later is reckoned with; `minRate`
   * unless given.
   */
  readonly consolidateBelow?: number | undefined;
  /** Outputs of one transaction, change included. */
  readonly maxOutputs?: number;
  /** Of a wallet whose scripts are not the usual ones of single keys. */
  readonly inputSize?: SizeOfInput | undefined;
}

export const milli = (rate: number): bigint => BigInt(Math.ceil(rate * 1000));
/** Satoshi for so many vbytes at a rate in milli-satoshi per vbyte, rounded up. */
export const costOf = (size: number, milliRate: bigint): bigint => (BigInt(size) * milliRate + 999n) / 1000n;
