import type {AcceptAnswer, SignAnswer} from '../../payout/ports.ts';
import type {Hold} from '../../payout/state.ts';
import {verifySigned} from '../../payout/verify.ts';
import {EngineError, hasCode} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {PlannedBroadcast} from '../../store/payout-store.ts';
import {passStep, type BroadcastParts} from './parts.ts';

export type SignOutcome =
  /** Bytes are durable: to be sent now. */
  | {readonly kind: 'stored'; readonly broadcast: PlannedBroadcast}
  /** Given up before anything was stored; inputs are free, payouts queued or held. */
  | {readonly kind: 'abandoned'}
  /** The node would not take it, for a reason that may lie in one payout. Still reserved. */
  | {readonly kind: 'refused'; readonly words: string}
  /** The node does not find the chosen coins, or not their chain. Still reserved. */
  | {readonly kind: 'coins-gone'; readonly words: string}
  /** The node is away: still reserved, the same plan later. */
  | {readonly kind: 'again'; readonly words: string}
  /** A person has to sign: still reserved, and its payouts say so. */
  | {readonly kind: 'waiting'; readonly words: string};

export type TestAnswer = {readonly kind: 'signed'; readonly raw: Buffer; readonly txid: Txid} | Failure | Waiting;
/** A person has to sign. */
interface Waiting {
  readonly kind: 'waiting';
  readonly words: string;
}
type Failure =
  | {readonly kind: 'hold'; readonly hold: Hold}
  | {readonly kind: 'refused' | 'coins-gone' | 'again'; readonly words: string};

/** Locks, signs, verifies, asks the node, and only then stores. */
export const signBroadcast = async (parts: BroadcastParts, broadcast: PlannedBroadcast): Promise<SignOutcome> => {
  const {store, clock} = parts;
  await setLocks(parts, broadcast, 'lock');
  await passStep(parts, 'locked');
  const answer = await signAndTest(parts, broadcast);
  if (answer.kind === 'signed') return storeBytes(parts, broadcast, answer.raw, answer.txid);
  if (answer.kind !== 'hold') return answer;
  await store.abandonBroadcast(broadcast.id, answer.hold, clock.now());
  await setLocks(parts, broadcast, 'unlock');
  return {kind: 'abandoned'};
};

/** Signed bytes that are what was planned and that the node would take now. Stores nothing. */
export const signAndTest = async (
  parts: BroadcastParts,
  {plan, virtualSize, id}: Pick<PlannedBroadcast, 'plan' | 'virtualSize'> & {readonly id?: string},
): Promise<TestAnswer> => {
  const answer = await parts.signer.sign(plan, id);
  await passStep(parts, 'signed');
  if (answer.kind !== 'signed') return unsigned(answer);
  const {minRate, maxRate} = parts.policy.fee;
  const verdict = verifySigned(plan, answer.raw, {minRate, maxRate, plannedSize: virtualSize});
  if (verdict.kind === 'differs') {
    parts.log.error({fault: verdict.words}, 'the signer changed the transaction: thrown away');
    const words = `the signer changed it: ${verdict.words}`;
    return unsent(parts, {kind: 'hold', hold: {reason: 'refused_by_node', words}});
  }
  const failure = failureOf(await parts.broadcaster.testAccept(answer.raw));
  await passStep(parts, 'accepted');
  return failure ? unsent(parts, failure) : {kind: 'signed', raw: answer.raw, txid: verdict.txid};
};

/**
 * What was signed here and is not sent exists nowhere. Who signed it elsewhere has it still, and could send it: what it
 * pays is not paid anew before a person has seen to that.
 */
const unsent = ({signer}: BroadcastParts, failure: Failure): Failure => {
  if (signer.isPatient !== true || failure.kind === 'again') return failure;
  if (failure.kind === 'hold' && failure.hold.reason === 'node_auth') return {kind: 'again', words: failure.hold.words};
  const words = failure.kind === 'hold' ? failure.hold.words : failure.words;
  return {
    kind: 'hold',
    hold: {
      reason: 'perhaps_paid',
      words: `it was signed, and not sent: ${words}. Whoever signed it can still send it: throw it away, then release or cancel`,
    },
  };
};

const unsigned = (answer: Exclude<SignAnswer, {kind: 'signed'}>): Failure | Waiting => {
  const {kind, words} = answer;
  switch (kind) {
    case 'locked':
      return {kind: 'hold', hold: {reason: 'wallet_locked', words}};
    case 'wallet-missing':
      return {kind: 'hold', hold: {reason: 'wallet_missing', words}};
    case 'unauthorized':
      return {kind: 'hold', hold: {reason: 'node_auth', words}};
    case 'no-signer':
      return {kind: 'hold', hold: {reason: 'no_signer', words}};
    case 'waiting':
      return {kind: 'waiting', words};
    case 'unavailable':
      return {kind: 'again', words};
    case 'refused':
      return {kind: 'refused', words};
    default:
      return kind satisfies never;
  }
};

const failureOf = (answer: AcceptAnswer): Failure | undefined => {
  switch (answer.kind) {
    case 'acceptable':
      return undefined;
    case 'inputs-unavailable':
      return {kind: 'coins-gone', words: answer.words};
    case 'rejected':
      return {kind: 'refused', words: answer.words};
    case 'unknown':
      return {kind: 'again', words: answer.words};
    case 'unauthorized':
      return {kind: 'hold', hold: {reason: 'node_auth', words: answer.words}};
    default:
      return answer satisfies never;
  }
};

const storeBytes = async (
  parts: BroadcastParts,
  broadcast: PlannedBroadcast,
  raw: Buffer,
  txid: Txid,
): Promise<SignOutcome> => {
  try {
    await parts.store.storeSigned(broadcast.id, raw, txid, parts.clock.now());
  } catch (error) {
    if (!hasCode(error, 'wrong_state')) throw error;
    // A payout of it was cancelled, or a coin spent, while it was being signed: the bytes end here.
    parts.log.info({broadcast: broadcast.id}, 'abandoned while being signed');
    await setLocks(parts, broadcast, 'unlock');
    return {kind: 'abandoned'};
  }
  await passStep(parts, 'stored');
  return {kind: 'stored', broadcast: {...broadcast, status: 'signed', raw, txid}};
};

/** Said where somebody looks for it, and written again only when it is something else. */
export const noteUnsigned = async (
  {store, clock}: BroadcastParts,
  {id, reason}: Pick<PlannedBroadcast, 'id' | 'reason'>,
  words: string,
): Promise<void> => {
  if (reason !== `awaiting_signature: ${words}`)
    await store.noteUnsigned(id, {reason: 'awaiting_signature', words}, clock.now());
};

/** Best effort: our own books hold the coins whether or not the wallet does. */
export const setLocks = async (
  {signer, log}: BroadcastParts,
  {plan}: Pick<PlannedBroadcast, 'plan'>,
  how: 'lock' | 'unlock',
): Promise<void> => {
  try {
    await signer[how](plan.inputs.map(input => input.outpoint));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    log.debug({code: error.code}, `coins could not be ${how}ed in the wallet`);
  }
};
