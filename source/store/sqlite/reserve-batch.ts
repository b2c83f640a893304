import type {Coin} from '../../coins/index.ts';
import {shareFee} from '../../payout/fee-shares.ts';
import type {Batch} from '../../payout/select-coins.ts';
import {outputSize} from '../../payout/sizes.ts';
import {planFault} from '../../payout/verify.ts';
import {sum} from '../../primitives/amount.ts';
import {outpointKey} from '../../primitives/ids.ts';
import type {BatchDecision, BatchOffer, PlannedBroadcast, Queue} from '../payout-store.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {movePayout, movePayouts} from './move-payouts.ts';
import {pausedBy} from './pause-payouts.ts';
import {payoutsById, type Moving, type PayoutRecord} from './payout-rows.ts';
import {rawStatement} from './raw-statement.ts';
import {account} from './schema.ts';
import {expectedChange, maturingCoins, spendableCoins} from './spendable-coins.ts';
import {storePlan} from './store-plan.ts';

export type Which = 'due' | 'queued' | 'refused';

const WAITS = "status = 'held' AND clears = 'itself' AND broadcast_id IS NULL";
const REFUSED = "reason LIKE 'refused\\_by\\_node:%' ESCAPE '\\'";
// Named statuses first: the index is asked for those and for no others.
const DUE = `status IN ('queued', 'held') AND (status = 'queued' OR ${WAITS} AND NOT ${REFUSED})`;

// A payout above all coins together is offered too, so that it can be held, but never crowds out one that fits.
const selectIds = {
  due: [
    rawStatement(`SELECT id FROM payout WHERE ${DUE} AND amount <= ? ORDER BY id LIMIT ?`),
    rawStatement(`SELECT id FROM payout WHERE ${DUE} AND amount > ? ORDER BY id LIMIT ?`),
  ],
  queued: [
    rawStatement(`SELECT id FROM payout WHERE status = 'queued' AND amount <= ? ORDER BY id LIMIT ?`),
    rawStatement(`SELECT id FROM payout WHERE status = 'queued' AND amount > ? ORDER BY id LIMIT ?`),
  ],
  refused: [rawStatement(`SELECT id FROM payout WHERE ${WAITS} AND ${REFUSED} AND amount <= ? ORDER BY id LIMIT ?`)],
} as const;

const countQueue = rawStatement(
  `SELECT count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE ${WAITS}) AS held,
   count(*) FILTER (WHERE ${WAITS} AND ${REFUSED}) AS refused
   FROM payout WHERE status IN ('queued', 'held')`,
);

export const queue = (orm: Orm): Queue => {
  const row = countQueue(orm).get() as Record<keyof Queue, bigint>;
  return {queued: Number(row.queued), held: Number(row.held), refused: Number(row.refused)};
};

/** As PayoutStore.reserveBatch says. */
export const reserveBatch = (
  orm: Orm,
  coin: Coin,
  limit: number,
  decide: (offer: BatchOffer) => BatchDecision,
  now: number,
  which: Which,
): PlannedBroadcast | undefined => {
  const moving = {orm, now, tip: ladderTop(orm)?.height ?? 0};
  const coins = spendableCoins(orm, coin);
  const records = dueRecords(moving, which, sum(coins.map(one => one.amount)), limit);
  if (records.size === 0) return undefined;
  const due = [...records.values()].map(({row}) => ({
    id: String(row.id),
    address: row.address,
    scriptPubKey: row.script,
    amount: row.amount,
  }));
  const offer = {due, coins, expected: expectedChange(orm), maturing: () => maturingCoins(orm, coin)};
  const {batch, holds} = decide(offer);
  for (const {payoutIds, reason, words} of holds)
    movePayouts(
      moving,
      payoutIds.map(id => records.get(id)!),
      () => ({kind: 'hold', hold: {reason, words}}),
    );
  // The operator's switch and a drift count from their commit on, also for a round that began before.
  if (!batch || pausedBy(orm)) return undefined;
  const fault = planFault(batch, offer);
  if (fault !== undefined) throw new Error(`a plan that does not hold: ${fault}`);
  const unconfirmed = new Set(coins.filter(one => one.unconfirmed !== undefined).map(one => outpointKey(one.outpoint)));
  const spendsUnconfirmed = batch.plan.inputs.some(input => unconfirmed.has(outpointKey(input.outpoint)));
  return {...store(moving, batch, records), spendsUnconfirmed};
};

/** Payouts of an account that was frozen meanwhile are held here, for a person; a release overrides that. */
const dueRecords = (moving: Moving, which: Which, total: bigint, limit: number): Map<string, PayoutRecord> => {
  const {orm} = moving;
  const ids = selectIds[which].flatMap(select => select(orm).all(total, limit) as {id: bigint}[]);
  const frozen = new Map(
    orm
      .select({id: account.id, frozen: account.frozen})
      .from(account)
      .all()
      .map(row => [row.id, row.frozen] as const)
      .filter(([, why]) => why !== null),
  );
  const due = new Map<string, PayoutRecord>();
  for (const record of payoutsById(
    orm,
    ids.map(({id}) => Number(id)),
  )) {
    const why = record.row.released ? undefined : frozen.get(record.row.accountId);
    if (why === undefined) due.set(String(record.row.id), record);
    else {
      const words = `account ${record.account} is frozen (${why}); release or cancel it`;
      movePayout(moving, record, {kind: 'hold', hold: {reason: 'account_frozen', words}});
    }
  }
  return due;
};

const store = (
  moving: Moving,
  batch: Batch,
  records: ReadonlyMap<string, PayoutRecord>,
): Omit<PlannedBroadcast, 'spendsUnconfirmed'> => {
  const {orm, now} = moving;
  const {plan, changeVout, payoutIds, virtualSize} = batch;
  const id = storePlan(orm, {plan, changeVout, virtualSize, kind: 'payouts', family: undefined}, now);
  const paid = payoutIds.map(payoutId => records.get(payoutId)!);
  const fees = shareFee(
    plan.fee,
    paid.map(({row}) => outputSize(row.script)),
  );
  movePayouts(moving, paid, (_, index) => {
    const vout = changeVout !== undefined && index >= changeVout ? index + 1 : index;
    return {kind: 'reserve', placed: {broadcastId: id, vout, fee: fees[index]!}};
  });
  return {
    id: String(id),
    status: 'reserved',
    kind: 'payouts',
    plan,
    changeVout,
    payoutIds,
    raw: undefined,
    txid: undefined,
    virtualSize,
  };
};
