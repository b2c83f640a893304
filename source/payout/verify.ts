import {Transaction} from 'bitcoinjs-lib';
import {sum} from '../primitives/amount.ts';
import {outpointKey, txidFromWire, txidToWire, type Txid} from '../primitives/ids.ts';
import type {SpendableCoin} from './coin-pool.ts';
import type {TransactionPlan} from './ports.ts';
import type {Batch, WantedOutput} from './select-coins.ts';
import {costOf, milli} from './selection-rules.ts';

export interface VerifyRules {
  /** sat/vB */
  readonly minRate: number;
  readonly maxRate: number;
  /** As planned; the floor is counted on it where signatures came out shorter. */
  readonly plannedSize: number;
}

export type Verdict =
  | {readonly kind: 'as-planned'; readonly txid: Txid; readonly virtualSize: number}
  | {readonly kind: 'differs'; readonly words: string};

/** Signalled by every input of ours: replaceable (BIP125), no locktime by sequence (BIP68). */
export const SEQUENCE = 0xfffffffd;
/** Dogecoin Core writes 1. With the sequence above, which asks for no relative locktime, they mean the same. */
const VERSIONS: readonly number[] = [1, 2];

const differs = (words: string): Verdict => ({kind: 'differs', words});

/**
 * Compares signed bytes with the plan, field by field: version, locktime, every input and sequence, every output in
 * order, the fee by them, and the feerate by the size they really have. The txid is computed from the bytes. Asked
 * after signing and again before every send.
 */
export const verifySigned = (plan: TransactionPlan, raw: Buffer, rules: VerifyRules): Verdict => {
  let transaction: Transaction;
  try {
    transaction = Transaction.fromBuffer(raw);
  } catch {
    return differs('the signed bytes are not a transaction');
  }
  const difference = fieldDifference(plan, transaction) ?? feeDifference(plan, transaction, rules);
  if (difference !== undefined) return differs(difference);
  return {
    kind: 'as-planned',
    txid: txidFromWire(transaction.getHash()),
    virtualSize: transaction.virtualSize(),
  };
};

const fieldDifference = (plan: TransactionPlan, transaction: Transaction): string | undefined => {
  if (!VERSIONS.includes(transaction.version))
    return `version ${transaction.version} instead of ${VERSIONS.join(' or ')}`;
  if (transaction.locktime !== 0) return `locktime ${transaction.locktime} instead of 0`;
  if (transaction.ins.length !== plan.inputs.length)
    return `${transaction.ins.length} inputs instead of ${plan.inputs.length}`;
  if (transaction.outs.length !== plan.outputs.length)
    return `${transaction.outs.length} outputs instead of ${plan.outputs.length}`;
  for (const [index, {outpoint}] of plan.inputs.entries()) {
    const input = transaction.ins[index]!;
    if (!txidToWire(outpoint.txid).equals(input.hash) || input.index !== outpoint.vout)
      return `input ${index} spends another coin`;
    if (input.sequence !== SEQUENCE) return `input ${index} has sequence ${input.sequence}`;
    if (input.script.length === 0 && input.witness.length === 0) return `input ${index} is not signed`;
  }
  for (const [index, planned] of plan.outputs.entries()) {
    const output = transaction.outs[index]!;
    if (!planned.scriptPubKey.equals(output.script)) return `output ${index} pays another script`;
    if (output.value !== planned.amount) return `output ${index} pays ${output.value} instead of ${planned.amount}`;
  }
  return undefined;
};

const feeDifference = (plan: TransactionPlan, transaction: Transaction, rules: VerifyRules): string | undefined => {
  let fee = 0n;
  for (const input of plan.inputs) fee += input.amount;
  for (const output of transaction.outs) fee -= output.value;
  if (fee !== plan.fee) return `fee ${fee} instead of ${plan.fee}`;
  const size = transaction.virtualSize();
  if (size > rules.plannedSize) return `${size} vbytes, more than the planned ${rules.plannedSize}`;
  const lowest = costOf(size, milli(rules.minRate));
  if (fee < lowest) return `fee ${fee} is below min_rate for ${size} vbytes`;
  const highest = (BigInt(size) * BigInt(Math.floor(rules.maxRate * 1000))) / 1000n;
  const floor = costOf(rules.plannedSize, milli(rules.minRate));
  if (fee > highest && fee > floor) return `fee ${fee} is above max_rate for ${size} vbytes`;
  return undefined;
};

/**
 * What is wrong with a plan before it is signed, or undefined: every payout has its own output of its own script and
 * amount, nothing else is paid but change, all inputs were offered, no script or coin twice, and it adds up.
 */
export const planFault = (
  batch: Batch,
  offer: {readonly due: readonly WantedOutput[]; readonly coins: readonly SpendableCoin[]},
): string | undefined => {
  const {plan, changeVout, payoutIds} = batch;
  const due = new Map(offer.due.map(wanted => [wanted.id, wanted]));
  const offered = new Map(offer.coins.map(coin => [outpointKey(coin.outpoint), coin]));
  const paid = plan.outputs.filter((_, vout) => vout !== changeVout);
  if (paid.length !== payoutIds.length || paid.length === 0) return 'outputs and payouts differ in number';
  for (const [index, id] of payoutIds.entries()) {
    const wanted = due.get(id);
    if (!wanted) return `payout ${id} is not due`;
    const output = paid[index]!;
    if (!output.scriptPubKey.equals(wanted.scriptPubKey) || output.amount !== wanted.amount)
      return `payout ${id} would get another script or amount`;
  }
  const scripts = new Set(plan.outputs.map(output => output.scriptPubKey.toString('hex')));
  if (scripts.size !== plan.outputs.length) return 'one script twice';
  const spent = new Set(plan.inputs.map(input => outpointKey(input.outpoint)));
  if (spent.size !== plan.inputs.length || spent.size === 0) return 'one coin twice, or none';
  for (const input of plan.inputs)
    if (offered.get(outpointKey(input.outpoint))?.amount !== input.amount) return 'a coin that was not offered';
  if (plan.fee <= 0n || plan.outputs.some(output => output.amount <= 0n)) return 'an amount of zero or less';
  const left = sum(plan.inputs.map(input => input.amount)) - sum(plan.outputs.map(output => output.amount));
  return left === plan.fee ? undefined : `fee ${plan.fee}, but ${left} is left`;
};
