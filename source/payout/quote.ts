import {satoshi, type Satoshi} from '../primitives/amount.ts';
import {costOf, milli} from './selection-rules.ts';
import {inputSize, outputSize, overheadSize} from './sizes.ts';

const WITNESS_SCRIPT = Buffer.concat([Buffer.from('0014', 'hex'), Buffer.alloc(20)]);
/** Everything around one payout that goes out alone: a coin of ours, change, and the frame of a transaction. */
const ALONE = overheadSize(1, 2) + inputSize(WITNESS_SCRIPT)!.expected + outputSize(WITNESS_SCRIPT);

/**
 * What an account pays on top of its payout for the network fee, when accounts pay: its own output's vbytes and a
 * transaction for it alone, at this feerate (sat/vB). Fixed at acceptance: in a batch the real share is smaller, after
 * a bump larger, and the difference is the house's.
 */
export const quoteFee = (scriptPubKey: Uint8Array, rate: number): Satoshi =>
  satoshi(costOf(ALONE + outputSize(scriptPubKey), milli(rate)));
