import type {SendAnswer} from '../../payout/ports.ts';
import {verifySigned} from '../../payout/verify.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {PlannedBroadcast} from '../../store/payout-store.ts';
import {passStep, type BroadcastParts} from './parts.ts';

/**
 * `again`: nothing is known (`away`: the node did not answer) or the network does not want it yet; the same bytes later.
 * `over`: the chain was quicker, nothing was sent.
 */
export type SendOutcome =
  {readonly kind: 'sent' | 'held' | 'over'} | {readonly kind: 'again'; readonly words: string; readonly away?: boolean};

/**
 * Sends the stored bytes, never others. The attempt is counted and the lease read before; whatever the network
 * answers, nothing is given up here: inputs and bytes stay.
 */
export const sendBroadcast = async (parts: BroadcastParts, broadcast: PlannedBroadcast): Promise<SendOutcome> => {
  const {store, clock, log} = parts;
  const {id, raw, txid} = broadcast;
  if (raw === undefined || txid === undefined) throw new Error(`broadcast ${id} is to be sent without signed bytes`);
  const paused = await store.payoutsPausedBy();
  if (paused !== undefined) return {kind: 'again', words: paused.words};
  const fault = storedFault(parts, broadcast, raw, txid);
  if (fault !== undefined) {
    log.error({broadcast: id, txid, fault}, 'stored bytes are not what was planned: not sent');
    await store.holdBroadcast(id, {reason: 'refused_by_node', words: `not sent: ${fault}`}, clock.now());
    return {kind: 'held'};
  }
  const answer = await attempt(parts, id, raw, txid);
  if (answer === undefined) return {kind: 'over'};
  const outcome = await apply(parts, broadcast, raw, txid, answer);
  log.info({broadcast: id, txid, payouts: broadcast.payoutIds.length, answer: answer.kind}, `payouts ${outcome.kind}`);
  return outcome;
};

const storedFault = (
  {policy}: BroadcastParts,
  {plan, virtualSize}: PlannedBroadcast,
  raw: Buffer,
  txid: Txid,
): string | undefined => {
  const {minRate, maxRate} = policy.fee;
  const verdict = verifySigned(plan, raw, {minRate, maxRate, plannedSize: virtualSize});
  if (verdict.kind === 'differs') return verdict.words;
  return verdict.txid === txid ? undefined : `their txid is ${verdict.txid}`;
};

/** Undefined when there is nothing to send any more. */
const attempt = async (parts: BroadcastParts, id: string, raw: Buffer, txid: Txid): Promise<SendAnswer | undefined> => {
  if (!(await parts.store.countAttempt(id, parts.clock.now()))) return undefined;
  await passStep(parts, 'counted');
  await parts.store.checkLease();
  const answer = await parts.broadcaster.send(raw, txid);
  await passStep(parts, 'sent');
  return answer;
};

const apply = async (
  parts: BroadcastParts,
  broadcast: PlannedBroadcast,
  raw: Buffer,
  txid: Txid,
  answer: SendAnswer,
): Promise<SendOutcome> => {
  const {id} = broadcast;
  switch (answer.kind) {
    case 'accepted':
      return mark(parts, id, 'accepted');
    case 'inputs-unavailable':
      return lookFirst(parts, id, raw, txid, answer.words);
    case 'unknown':
      await parts.store.recordAnswer(id, answer.words, parts.clock.now());
      return {kind: 'again', words: answer.words, away: true};
    case 'rejected':
      return hold(parts, id, 'refused_by_node', answer.words);
    case 'unauthorized':
      return hold(parts, id, 'node_auth', answer.words);
    default:
      return answer satisfies never;
  }
};

const mark = async (parts: BroadcastParts, id: string, words: string): Promise<SendOutcome> => {
  await parts.store.markSent(id, words, parts.clock.now());
  await passStep(parts, 'marked');
  return {kind: 'sent'};
};

const hold = async (
  {store, clock}: BroadcastParts,
  id: string,
  reason: 'refused_by_node' | 'node_auth',
  words: string,
): Promise<SendOutcome> => {
  const now = clock.now();
  await store.recordAnswer(id, words, now);
  await store.holdBroadcast(id, {reason, words}, now);
  return {kind: 'held'};
};

/**
 * "Inputs missing or spent" is also the answer for a transaction that is mined and spent on, for a parent that was
 * evicted, and for a node that lost blocks. A conflict is concluded by tracking alone, from an anchored spender.
 */
const lookFirst = async (
  parts: BroadcastParts,
  id: string,
  raw: Buffer,
  txid: Txid,
  words: string,
): Promise<SendOutcome> => {
  const {store, broadcaster, clock} = parts;
  const place = await broadcaster.find(txid);
  if (place !== 'absent') return mark(parts, id, `${words}, but it is ${place}`);
  let hasParent = false;
  for (const parent of await store.missingParents(id)) {
    await store.checkLease();
    const answer = await broadcaster.send(parent.raw, parent.txid);
    hasParent ||= answer.kind === 'accepted';
  }
  if (hasParent) {
    await store.recordAnswer(id, words, clock.now());
    const answer = await attempt(parts, id, raw, txid);
    if (answer === undefined) return {kind: 'over'};
    if (answer.kind === 'accepted') return mark(parts, id, 'accepted after its parent');
  }
  await store.recordAnswer(id, words, clock.now());
  return {kind: 'again', words};
};
