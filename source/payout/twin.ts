import {Transaction} from 'bitcoinjs-lib';
import {satoshi, type Satoshi} from '../primitives/amount.ts';
import {txidFromWire, type Outpoint} from '../primitives/ids.ts';

export interface OwedOutput {
  readonly id: string;
  readonly scriptPubKey: Buffer;
  readonly amount: Satoshi;
}

export interface Twin {
  /** Output of each payout, in the order given. */
  readonly vouts: readonly number[];
  readonly change: {readonly vout: number; readonly amount: Satoshi; readonly scriptPubKey: Buffer} | undefined;
  readonly inputs: readonly Outpoint[];
  readonly outputTotal: Satoshi;
  readonly virtualSize: number;
}

/** Those of the payouts that a transaction pays, whatever else it does. One output counts for as many as ask for it. */
export const paidBy = (raw: Buffer, payouts: readonly OwedOutput[]): readonly string[] => {
  const paid = new Set(Transaction.fromBuffer(raw).outs.map(({script, value}) => outputKey(script, value)));
  return payouts.filter(({scriptPubKey, amount}) => paid.has(outputKey(scriptPubKey, amount))).map(({id}) => id);
};

/**
 * Whether a transaction pays exactly these payouts and nobody else: every payout has an output of its own of equal
 * script and amount, and at most one output is left, which must go to one of our change scripts. Undefined otherwise.
 * Who asks still has to know the amount of every input to tell the fee.
 */
export const matchTwin = (
  raw: Buffer,
  payouts: readonly OwedOutput[],
  isChangeScript: (scriptPubKey: Buffer) => boolean,
): Twin | undefined => {
  const transaction = Transaction.fromBuffer(raw);
  const free = new Map<string, number[]>();
  for (const [vout, output] of transaction.outs.entries()) {
    const key = outputKey(output.script, output.value);
    const vouts = free.get(key);
    if (vouts) vouts.push(vout);
    else free.set(key, [vout]);
  }
  const vouts: number[] = [];
  for (const payout of payouts) {
    const vout = free.get(outputKey(payout.scriptPubKey, payout.amount))?.shift();
    if (vout === undefined) return undefined;
    vouts.push(vout);
  }
  const left = [...free.values()].flat();
  if (left.length > 1) return undefined;
  const change = left.map(vout => {
    const output = transaction.outs[vout]!;
    return {vout, amount: satoshi(output.value), scriptPubKey: Buffer.from(output.script)};
  })[0];
  if (change && !isChangeScript(change.scriptPubKey)) return undefined;
  let outputTotal = 0n;
  for (const output of transaction.outs) outputTotal += output.value;
  return {
    vouts,
    change,
    inputs: transaction.ins.map(input => ({txid: txidFromWire(input.hash), vout: input.index})),
    outputTotal: satoshi(outputTotal),
    virtualSize: transaction.virtualSize(),
  };
};

const outputKey = (script: Uint8Array, value: bigint): string => `${value}:${Buffer.from(script).toString('hex')}`;
