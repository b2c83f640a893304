import {planChild, planReplacement, type BumpRules} from '../../payout/bump.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {PlannedBroadcast} from '../../store/payout-store.ts';
import {changeAddress} from './change-address.ts';
import {passStep, type BroadcastParts} from './parts.ts';
import {sendBroadcast} from './send.ts';
import {noteUnsigned, setLocks, signAndTest, type TestAnswer} from './sign.ts';

/**
 * Lifts the feerate of a transaction that is out: replaces it inside its family, or gives its chain a child. Stored,
 * signed, verified and sent as every other. Resolves with the new one's txid once its bytes are durable; what the
 * network then says is the broadcast's to tell. A refusal leaves everything as it was.
 */
export const bumpBroadcast = async (parts: BroadcastParts, txid: string, asked: number | undefined): Promise<Txid> => {
  const {store, clock} = parts;
  const rules = await rulesOf(parts, asked);
  const planned = await store.reserveBump(
    txid,
    subject =>
      subject.kind === 'bump'
        ? planReplacement(subject.from, subject.coins, rules)
        : planChild(subject.leaf, subject.coins, rules),
    clock.now(),
  );
  await passStep(parts, 'reserved');
  await setLocks(parts, planned, 'lock');
  await passStep(parts, 'locked');
  const answer = await signAndTest(parts, planned);
  if (answer.kind === 'waiting') {
    await noteUnsigned(parts, planned, answer.words);
    throw new EngineError('awaiting_signature', `the bump is planned as ${planned.id}: ${answer.words}`);
  }
  if (answer.kind !== 'signed') {
    await giveUpBump(parts, planned);
    throw refusalOf(answer);
  }
  await store.storeSigned(planned.id, answer.raw, answer.txid, clock.now());
  await passStep(parts, 'stored');
  await sendBroadcast(parts, {...planned, status: 'signed', raw: answer.raw, txid: answer.txid});
  return answer.txid;
};

const rulesOf = async (parts: BroadcastParts, asked: number | undefined): Promise<BumpRules> => {
  const {coin, fees, policy, inputSize} = parts;
  const {targetBlocks, fallbackRate, minRate, maxRate} = policy.fee;
  const [estimate, change] = await Promise.all([fees.estimate(targetBlocks), changeAddress(parts)]);
  return {
    asked,
    estimate: Math.max(estimate ?? fallbackRate, minRate),
    minRate,
    maxRate,
    change,
    dustLimit: script => coin.dustLimit(script),
    inputSize,
  };
};

/** Nothing was signed: the coins that it brought are free, those of the one it was to replace stay locked. */
export const giveUpBump = async (parts: BroadcastParts, planned: PlannedBroadcast): Promise<void> => {
  const free = await parts.store.abandonBroadcast(planned.id, undefined, parts.clock.now());
  const freed = new Set(free.map(({txid, vout}) => `${txid}:${vout}`));
  const inputs = planned.plan.inputs.filter(({outpoint}) => freed.has(`${outpoint.txid}:${outpoint.vout}`));
  await setLocks(parts, {plan: {...planned.plan, inputs}}, 'unlock');
};

const refusalOf = (answer: Exclude<TestAnswer, {kind: 'signed' | 'waiting'}>): EngineError => {
  switch (answer.kind) {
    case 'hold':
      return new EngineError('bump_refused', `${answer.hold.reason}: ${answer.hold.words}; nothing was changed`);
    case 'refused':
    case 'coins-gone':
      return new EngineError('bump_refused', `the node does not take it: ${answer.words}; nothing was changed`);
    case 'again':
      return new EngineError('backend_unavailable', answer.words, {retry: 'backoff'});
    default:
      return answer satisfies never;
  }
};
