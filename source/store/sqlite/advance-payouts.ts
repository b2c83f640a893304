import {and, eq, inArray, isNotNull, lte, ne, sql} from './drizzle.ts';
import type {BlockHash, Outpoint, Txid} from '../../primitives/ids.ts';
import type {TrackPolicy} from '../chain-store.ts';
import {adoptTwin} from './adopt-twin.ts';
import {appendEvent} from './append-event.ts';
import {adoptSignedElsewhere, adoptSignedOtherwise, giveUpSpent, holdPaidByStranger} from './signed-elsewhere.ts';
import {anchorBroadcast, unanchorBroadcast} from './anchor-broadcast.ts';
import {inputsOf, membersOf, releaseOwnInputs, type BroadcastRow} from './broadcast-rows.ts';
import {becomeSent} from './broadcast-steps.ts';
import {conflictChildren, markConflicted, reviewConflicts} from './conflicts.ts';
import type {Orm} from './connection.ts';
import {movePayouts} from './move-payouts.ts';
import {payoutsOfBroadcast, payoutView, type Moving} from './payout-rows.ts';
import {broadcast, broadcastInput, networkTransaction} from './schema.ts';
import {prepared} from './statements.ts';

/** What one application of chain facts means for payouts. Built by track, inside its transaction. */
export interface PayoutStep {
  readonly now: number;
  readonly policy: TrackPolicy;
  /** Our tip before and after the step. */
  readonly previousTip: number;
  readonly tip: number;
  /** Relevant transactions that are anchored in blocks of this step (also when they were anchored elsewhere before). */
  readonly anchored: ReadonlyMap<Txid, {readonly height: number; readonly hash: BlockHash; readonly raw: Buffer}>;
  /** Transactions whose block went away and that are not anchored after the step. */
  readonly unanchored: ReadonlySet<Txid>;
  /** Transactions of ours that lost a coin to a block. */
  readonly lost: ReadonlySet<Txid>;
  /** Transactions that the mempool showed in this step and that spend outputs of ours. */
  readonly seen: readonly {readonly txid: Txid; readonly raw: Buffer; readonly spends: readonly Outpoint[]}[];
  /** Anchored spends of outputs of ours in this step, by whatever transaction. */
  readonly spends: readonly {readonly outpoint: Outpoint; readonly spender: Txid}[];
}

/**
 * Moves broadcasts and payouts along with the chain: anchored (fees and `payouts_due` posted to `external`),
 * unanchored (posted back), settled at `maxConfirmationCount`, conflicted when a different anchored transaction spends
 * an input (or adopted, when it pays the same), and one `payout.confirmations` an item and step. Called by track once
 * per step, after ladder, network transactions and outputs were written, before deposits. Repeating it changes nothing.
 */
export const advancePayouts = (orm: Orm, step: PayoutStep): void => {
  const moving: Moving = {orm, now: step.now, tip: step.tip};
  for (const txid of step.unanchored) {
    const row = ofTxid(orm).get({txid});
    if (row) unanchorBroadcast(moving, row);
  }
  const fresh = new Set<number>();
  for (const [txid, anchor] of step.anchored) {
    const row = ofTxid(orm).get({txid});
    if (row && anchorBroadcast(moving, row, anchor)) fresh.add(row.id);
  }
  for (const {txid, raw, spends} of step.seen) {
    const rows = spends.flatMap(outpoint => spendersOf(orm).all({...outpoint}));
    for (const {row} of rows) adoptSignedElsewhere(moving, row, txid, raw);
    // One that shares a coin with a plan may be that plan, signed otherwise: its block tells.
    if (rows.length === 0) learnStranger(moving, txid, raw);
  }
  for (const spend of step.spends) {
    const adopted = applySpend(moving, step, spend);
    if (adopted !== undefined) fresh.add(adopted);
  }
  // Once all of its spends are known: any of them may have been the one by which it is a plan of ours.
  for (const spender of new Set(step.spends.map(spend => spend.spender)))
    learnStranger(moving, spender, step.anchored.get(spender)?.raw);
  for (const txid of step.lost) conflictChildren(moving, txid);
  reviewConflicts(moving, step.policy.maxConfirmationCount);
  findSent(moving);
  count(moving, step, fresh);
};

const ofTxid = prepared(orm =>
  orm
    .select()
    .from(broadcast)
    .where(eq(broadcast.txid, sql.placeholder('txid')))
    .prepare(),
);

const learnStranger = (moving: Moving, txid: Txid, raw: Buffer | undefined): void => {
  if (raw !== undefined && ofTxid(moving.orm).get({txid}) === undefined) holdPaidByStranger(moving, txid, raw);
};

const spendersOf = prepared(orm =>
  orm
    .select({row: broadcast})
    .from(broadcastInput)
    .innerJoin(broadcast, eq(broadcast.id, broadcastInput.broadcastId))
    .where(
      and(
        eq(broadcastInput.txid, sql.placeholder('txid')),
        eq(broadcastInput.vout, sql.placeholder('vout')),
        inArray(broadcast.status, ['reserved', 'signed', 'sent', 'held']),
      ),
    )
    .prepare(),
);

/** An input of ours is gone for good as far as this chain goes. The id of a twin that was adopted. */
const applySpend = (
  moving: Moving,
  step: PayoutStep,
  {outpoint, spender}: PayoutStep['spends'][number],
): number | undefined => {
  let adopted: number | undefined;
  const rows = spendersOf(moving.orm).all({txid: outpoint.txid, vout: outpoint.vout});
  const dying = new Set(rows.map(({row}) => row.id));
  for (const {row} of rows) {
    // A twin that was adopted for one member has settled it for the whole family.
    if (row.txid === spender || adopted !== undefined) continue;
    const anchor = step.anchored.get(spender);
    if (row.status === 'reserved') {
      const sent =
        anchor &&
        (adoptSignedElsewhere(moving, row, spender, anchor.raw) ??
          adoptSignedOtherwise(moving, row, spender, anchor.raw));
      if (sent) {
        anchorBroadcast(moving, sent, anchor);
        adopted = sent.id;
      } else giveUpSpent(moving, row, spender, anchor?.raw);
      continue;
    }
    const twin = anchor && adoptTwin(moving, row, spender, anchor.raw);
    if (twin) {
      anchorBroadcast(moving, twin, anchor);
      adopted = twin.id;
    } else markConflicted(moving, row, `${spender} spends ${outpoint.txid}:${outpoint.vout}`, dying);
  }
  return adopted;
};

/** As the partial index has it: with other words SQLite would read every broadcast there ever was. */
const LIVE = sql`broadcast.status NOT IN ('settled', 'abandoned')`;

// These two are asked at every step, so also for every deposit that the mempool shows.
const unmarkedInMempool = prepared(orm =>
  orm
    .select({row: broadcast})
    .from(broadcast)
    .innerJoin(networkTransaction, eq(networkTransaction.txid, broadcast.txid))
    .where(and(LIVE, inArray(broadcast.status, ['signed', 'held']), eq(networkTransaction.state, 'mempool')))
    .prepare(),
);
const confirmedUpTo = prepared(orm =>
  orm
    .select()
    .from(broadcast)
    .where(
      and(
        LIVE,
        eq(broadcast.status, 'confirmed'),
        isNotNull(broadcast.height),
        lte(broadcast.height, sql.placeholder('tip')),
      ),
    )
    .prepare(),
);

/** Held or never marked, but the mempool has it: whatever was answered, it was sent. */
const findSent = (moving: Moving): void => {
  for (const {row} of unmarkedInMempool(moving.orm).all()) becomeSent(moving, row);
};

/** Settles what is deep enough and tells the others their count, once a step. */
const count = (moving: Moving, step: PayoutStep, fresh: ReadonlySet<number>): void => {
  const {orm, tip, now} = moving;
  for (const row of confirmedUpTo(orm).all({tip})) {
    const isSettled = tip - row.height! + 1 >= step.policy.maxConfirmationCount;
    if (isSettled) settle(moving, row);
    else if (step.tip !== step.previousTip && !fresh.has(row.id))
      for (const record of payoutsOfBroadcast(orm, row.id))
        appendEvent(orm, 'payout.confirmations', payoutView(record, tip), now);
  }
};

const settle = (moving: Moving, row: BroadcastRow): void => {
  const {orm} = moving;
  orm
    .update(broadcast)
    .set({status: 'settled'})
    .where(and(eq(broadcast.id, row.id), ne(broadcast.status, 'settled')))
    .run();
  movePayouts(moving, payoutsOfBroadcast(orm, row.id), () => ({kind: 'settle'}));
  const losers = membersOf(orm, row.family).filter(({id}) => id !== row.id);
  if (losers.length === 0) return;
  const spent = inputsOf(orm, row.id);
  for (const loser of losers) releaseOwnInputs(orm, loser, spent);
};
