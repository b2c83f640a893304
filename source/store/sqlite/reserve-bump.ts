import {eq} from './drizzle.ts';
import type {Coin, Network} from '../../coins/index.ts';
import {bumpFault, childFault, virtualSizeOf, type BumpPlan, type Leaf, type Replaceable} from '../../payout/bump.ts';
import {satoshi} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {BumpSubject, PlannedBroadcast} from '../payout-store.ts';
import {membersOf, type BroadcastRow} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {pausedBy} from './pause-payouts.ts';
import {plannedBroadcast} from './planned-broadcast.ts';
import {rawStatement} from './raw-statement.ts';
import {address, broadcast, broadcastPayout} from './schema.ts';
import {spendableCoins} from './spendable-coins.ts';
import {storePlan} from './store-plan.ts';

/** As PayoutStore.reserveBump says. */
export const reserveBump = (
  orm: Orm,
  {coin, network}: {coin: Coin; network: Network},
  txid: string,
  decide: (subject: BumpSubject) => BumpPlan,
  now: number,
): PlannedBroadcast => {
  const paused = pausedBy(orm);
  if (paused) throw new EngineError('payouts_paused', paused.words);
  const newest = newestOf(orm, txid);
  const coins = spendableCoins(orm, coin).filter(({unconfirmed}) => unconfirmed === undefined);
  const spent = changeOf(orm, newest);
  if (spent?.isTaken === true) {
    const leaf = leafAbove(orm, newest);
    const plan = decide({kind: 'child', leaf, coins});
    requireSound(childFault(leaf, plan));
    return store(orm, network, plan, {kind: 'child', family: undefined}, now);
  }
  const planned = plannedBroadcast(orm, network, String(newest.id));
  if (!planned) throw new EngineError('wrong_state', `broadcast ${newest.txid} is ${newest.status}`);
  const from: Replaceable = {
    plan: planned.plan,
    changeVout: planned.changeVout,
    virtualSize: virtualSizeOf(newest.raw!),
  };
  const plan = decide({kind: 'bump', from, coins});
  requireSound(bumpFault(from, plan));
  const bump = store(orm, network, plan, {kind: 'bump', family: newest.family}, now);
  writeOutputs(orm, String(newest.id), planned);
  writeOutputs(orm, bump.id, {...bump, payoutIds: planned.payoutIds});
  return plannedBroadcast(orm, network, bump.id)!;
};

const requireSound = (fault: string | undefined): void => {
  if (fault !== undefined) throw new Error(`a bump that does not hold: ${fault}`);
};

const byTxid = (orm: Orm, txid: string): BroadcastRow | undefined =>
  orm
    .select()
    .from(broadcast)
    .where(eq(broadcast.txid, txid as Txid))
    .get();

/** The member of its family that the network has now, or refused last. Throws when there is nothing to lift. */
const newestOf = (orm: Orm, txid: string): BroadcastRow => {
  const named = byTxid(orm, txid);
  if (!named) throw new EngineError('not_found', `no broadcast ${txid}`);
  const members = membersOf(orm, named.family);
  const confirmed = members.find(({status}) => status === 'confirmed' || status === 'settled');
  if (confirmed)
    throw new EngineError('already_confirmed', `${confirmed.txid} is in block ${confirmed.height}: nothing to hurry`);
  const newest = members.findLast(({status}) => status === 'signed' || status === 'sent' || status === 'held');
  if (!newest) throw new EngineError('wrong_state', `broadcast ${txid} is ${named.status}: it cannot be replaced`);
  if (newest.status === 'signed')
    throw new EngineError('not_sent', `the node has not taken ${newest.txid ?? txid} yet: it is sent again by itself`);
  return newest;
};

const selectChange = rawStatement(
  'SELECT spent_by, reserved_by, amount, address_id FROM output WHERE txid = ? AND vout = ?',
);

interface ChangeRow {
  readonly spent_by: Txid | null;
  readonly reserved_by: bigint | null;
  readonly amount: bigint;
  readonly address_id: bigint;
}

/** Its change as tracking sees it; undefined when it has none, or was not seen yet. */
const changeOf = (orm: Orm, row: BroadcastRow): (ChangeRow & {isTaken: boolean}) | undefined => {
  if (row.changeVout === null || row.txid === null) return undefined;
  const found = selectChange(orm).get(row.txid, row.changeVout) as ChangeRow | undefined;
  return found && {...found, isTaken: found.spent_by !== null || found.reserved_by !== null};
};

/** Follows the change from one transaction of ours to the next, up to the one whose change is still there. */
const leafAbove = (orm: Orm, from: BroadcastRow): Leaf => {
  let row = from;
  for (let change = changeOf(orm, row); ; change = changeOf(orm, row)) {
    if (change?.isTaken === true) {
      row = spenderOf(orm, row, change);
      continue;
    }
    if (row.status !== 'sent' || (row.changeVout !== null && !change))
      throw new EngineError('not_sent', `${row.txid ?? ''}, which spends its change, is not in the mempool yet`);
    if (!change || row.txid === null || row.changeVout === null)
      throw new EngineError(
        'no_change',
        `its change is spent by ${row.txid ?? ''}, which has no change of its own that a child could spend`,
      );
    const {script} = orm
      .select({script: address.script})
      .from(address)
      .where(eq(address.id, Number(change.address_id)))
      .get()!;
    const coin = {
      outpoint: {txid: row.txid, vout: row.changeVout},
      amount: satoshi(change.amount),
      scriptPubKey: script,
    };
    return {coin, ...unconfirmedChain(orm, row.txid)};
  }
};

const spenderOf = (orm: Orm, row: BroadcastRow, change: ChangeRow): BroadcastRow => {
  const spender =
    change.spent_by === null
      ? membersOf(orm, Number(change.reserved_by)).findLast(({raw}) => raw !== null)
      : byTxid(orm, change.spent_by);
  if (!spender)
    throw new EngineError(
      'no_change',
      `the change of ${row.txid ?? ''} is spent by ${change.spent_by ?? 'one that is not signed'}, which is none of ours`,
    );
  return spender;
};

const selectChain = rawStatement(
  `SELECT b.raw, b.fee, i.txid AS parent FROM broadcast b JOIN broadcast_input i ON i.broadcast_id = b.id
   LEFT JOIN output o ON o.txid = i.txid AND o.vout = i.vout
   WHERE b.txid = ? AND b.height IS NULL`,
);

/** It and its unconfirmed ancestors together. */
const unconfirmedChain = (orm: Orm, leaf: Txid): {virtualSize: number; fee: bigint} => {
  const seen = new Set<Txid>();
  const open = [leaf];
  let virtualSize = 0;
  let fee = 0n;
  for (let txid = open.pop(); txid !== undefined; txid = open.pop()) {
    if (seen.has(txid)) continue;
    seen.add(txid);
    const rows = selectChain(orm).all(txid) as {raw: Buffer; fee: bigint; parent: Txid}[];
    const [first] = rows;
    if (!first) continue;
    virtualSize += virtualSizeOf(first.raw);
    fee += first.fee;
    open.push(...rows.map(({parent}) => parent));
  }
  return {virtualSize, fee};
};

const store = (
  orm: Orm,
  network: Network,
  {plan, changeVout, virtualSize}: BumpPlan,
  {kind, family}: {kind: 'bump' | 'child'; family: number | undefined},
  now: number,
): PlannedBroadcast => {
  const id = storePlan(orm, {plan, changeVout, virtualSize, kind, family}, now);
  return plannedBroadcast(orm, network, String(id))!;
};

/** Which output pays which payout: while several members may confirm, the payouts can point at one of them only. */
const writeOutputs = (orm: Orm, id: string, {payoutIds, changeVout}: PlannedBroadcast): void => {
  for (const [index, payoutId] of payoutIds.entries()) {
    const vout = changeVout !== undefined && index >= changeVout ? index + 1 : index;
    orm
      .insert(broadcastPayout)
      .values({broadcastId: Number(id), payoutId: Number(payoutId), vout})
      .onConflictDoNothing()
      .run();
  }
};
