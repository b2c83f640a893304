import type {ChainFacts} from '../../chain/facts.ts';
import {planLadder, type LadderPlan} from '../../chain/ladder.ts';
import {planMoves, type TransactionMove} from '../../chain/transaction-moves.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockHash, BlockRef, Outpoint, Txid} from '../../primitives/ids.ts';
import type {TrackPolicy, TrackResult} from '../chain-store.ts';
import {advancePayouts, type PayoutStep} from './advance-payouts.ts';
import {applyDeposits} from './apply-deposits.ts';
import {applyMoves} from './apply-moves.ts';
import type {Orm} from './connection.ts';
import {liftFreezes} from './freeze-accounts.ts';
import {followImported} from './import-coins.ts';
import {checkpointJob} from './jobs.ts';
import {connectRungs, disconnectRungs, ladderTop, rungAt} from './ladder.ts';
import {loadMoves} from './load-moves.ts';
import {metaValue, setMetaValue} from './meta-value.ts';

export interface JobProgress {
  readonly id: string;
  readonly atHeight: number;
}

/**
 * Applies one step of chain facts: loads what they touch, decides, writes. Synchronous; runs inside one transaction.
 * Throws `stale_facts` (backoff) when they were fetched against an older ladder.
 */
export const track = (
  orm: Orm,
  facts: ChainFacts,
  policy: TrackPolicy,
  now: number,
  job?: JobProgress,
): TrackResult => {
  const top = ladderTop(orm);
  if (!top) throw new EngineError('not_initialised', 'the ledger has no start block; run init');
  const plan = planOn(orm, top, facts, policy);
  if (plan.kind === 'stale') throw new EngineError('stale_facts', plan.words, {retry: 'backoff'});
  if (plan.kind === 'too-deep') return refuseFork(orm, plan, top);
  clearFork(orm, plan, job);

  const state = loadMoves(orm, facts, plan.disconnectFrom, now);
  const moves = planMoves(state, facts.connected, facts.seen, facts.gone, facts.ancestors);
  if (plan.disconnectFrom !== undefined) disconnectRungs(orm, plan.disconnectFrom);
  connectRungs(orm, plan.connect);
  const {known, found, changed, watch} = applyMoves(orm, moves, now);
  const step = {now, policy, previousTip: top.height, tip: plan.top.height};
  advancePayouts(orm, {...step, ...payoutFacts(moves)});
  applyDeposits(orm, {...step, moves});
  followImported(orm, moves, now);
  liftFreezes(orm, now);
  if (job) checkpointJob(orm, job, {known, found, changed});
  return {known, found, changed, watch, refusedDeepFork: false};
};

const planOn = (orm: Orm, top: BlockRef, facts: ChainFacts, policy: TrackPolicy): LadderPlan => {
  const accepted = metaValue(orm, 'accepted_fork');
  return planLadder(top, height => rungAt(orm, height), facts, {
    maxDepth: policy.maxConfirmationCount,
    isAccepted: fork => accepted === forkName(fork, top),
  });
};

/** An acceptance is for the fork that the operator saw, not for any later one. */
const forkName = (fork: number, top: BlockRef): string => `${fork}:${top.hash}`;

const refuseFork = (orm: Orm, plan: Extract<LadderPlan, {kind: 'too-deep'}>, top: BlockRef): TrackResult => {
  const words =
    `the node's chain leaves ours above block ${plan.fork}, ${plan.depth} blocks deep: ` +
    'nothing is reversed and no payout is signed until the reorg is accepted';
  if (metaValue(orm, 'deep_fork_at') !== forkName(plan.fork, top)) {
    setMetaValue(orm, 'deep_fork', words);
    setMetaValue(orm, 'deep_fork_at', forkName(plan.fork, top));
  }
  return {known: 0, found: 0, changed: 0, watch: [], refusedDeepFork: true};
};

/** The node is on our ladder again, or its fork was accepted. A rescan has not looked at the tip and says nothing. */
const clearFork = (orm: Orm, plan: Extract<LadderPlan, {kind: 'apply'}>, job: JobProgress | undefined): void => {
  if (job && plan.connect.length === 0) return;
  for (const key of ['deep_fork', 'deep_fork_at'] as const)
    if (metaValue(orm, key) !== undefined) setMetaValue(orm, key, undefined);
  if (plan.connect.length > 0 && metaValue(orm, 'accepted_fork') !== undefined)
    setMetaValue(orm, 'accepted_fork', undefined);
};

/** Lets the fork that was refused last through, whatever its depth; which one. Throws `wrong_state` when none was. */
export const acceptReorg = (orm: Orm): string => {
  const fork = metaValue(orm, 'deep_fork_at');
  if (fork === undefined) throw new EngineError('wrong_state', 'no reorg is waiting to be accepted');
  setMetaValue(orm, 'accepted_fork', fork);
  setMetaValue(orm, 'deep_fork', undefined);
  setMetaValue(orm, 'deep_fork_at', undefined);
  return fork;
};

const payoutFacts = (
  moves: readonly TransactionMove[],
): Pick<PayoutStep, 'anchored' | 'unanchored' | 'lost' | 'seen' | 'spends'> => {
  const anchored = new Map<Txid, {height: number; hash: BlockHash; raw: Buffer}>();
  const unanchored = new Set<Txid>();
  const lost = new Set<Txid>();
  const seen: {txid: Txid; raw: Buffer; spends: readonly Outpoint[]}[] = [];
  const spends: {outpoint: Outpoint; spender: Txid}[] = [];
  for (const {txid, after, reported, unanchored: isUnanchored, spends: spent} of moves) {
    if (isUnanchored) unanchored.add(txid);
    if (after.kind === 'gone' && after.reason === 'conflicted') lost.add(txid);
    if (after.kind === 'mempool' && reported && spent.length > 0) seen.push({txid, raw: reported.raw, spends: spent});
    // Whatever a broadcast of ours is or competes with spends outputs of ours.
    if (after.kind !== 'anchored' || !reported || spent.length === 0) continue;
    anchored.set(txid, {height: after.height, hash: after.hash, raw: reported.raw});
    for (const outpoint of spent) spends.push({outpoint, spender: txid});
  }
  return {anchored, unanchored, lost, seen, spends};
};
