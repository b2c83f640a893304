import {and, eq, inArray, sql} from './drizzle.ts';
import type {Txid} from '../../primitives/ids.ts';
import {forgetUnbuilt} from './apply-moves.ts';
import {liveSiblings, membersOf, releaseInputs, releaseOwnInputs, type BroadcastRow} from './broadcast-rows.ts';
import {abandon, becomeSent} from './broadcast-steps.ts';
import type {Orm} from './connection.ts';
import {movePayouts} from './move-payouts.ts';
import {payoutsOfBroadcast, type Moving} from './payout-rows.ts';
import {placeOn} from './place-payouts.ts';
import {rawStatement} from './raw-statement.ts';
import {broadcast, broadcastInput} from './schema.ts';
import {prepared} from './statements.ts';

const set = (orm: Orm, id: number, values: Partial<BroadcastRow>): void =>
  void orm.update(broadcast).set(values).where(eq(broadcast.id, id)).run();

/**
 * It lost an input to a different anchored transaction: for a person, and never paid again by itself. Its inputs stay
 * taken until that is deep. What spends its outputs has lost with it.
 */
export const markConflicted = (
  moving: Moving,
  row: BroadcastRow,
  words: string,
  dying: ReadonlySet<number> = new Set(),
): void => {
  const reason = `inputs_spent: ${words}`;
  set(moving.orm, row.id, {status: 'conflicted', reason});
  const records = payoutsOfBroadcast(moving.orm, row.id);
  // A bump may lose a coin that only it spends: then the one it replaced can still pay.
  const heir = liveSiblings(moving.orm, row).findLast(({id}) => !dying.has(id));
  if (heir) placeOn(moving, heir, records);
  else movePayouts(moving, records, () => ({kind: 'conflict', words: reason}));
  if (row.txid !== null) conflictChildren(moving, row.txid);
};

/** Another member of its family is in the chain: its payouts are that one's now. */
export const markLost = (moving: Moving, row: BroadcastRow, winner: Txid): void => {
  if (row.status === 'abandoned') return;
  set(moving.orm, row.id, {status: 'abandoned', reason: `replaced: ${winner} of its family is in the chain`});
  if (row.txid !== null) conflictChildren(moving, row.txid);
};

/** Payments that spend from a transaction which lost a coin to a block: they cannot confirm without it. */
export const conflictChildren = (moving: Moving, parent: Txid): void => {
  const children = moving.orm
    .selectDistinct({row: broadcast})
    .from(broadcastInput)
    .innerJoin(broadcast, eq(broadcast.id, broadcastInput.broadcastId))
    .where(and(eq(broadcastInput.txid, parent), inArray(broadcast.status, ['reserved', 'signed', 'sent', 'held'])))
    .all();
  for (const {row} of children) {
    if (row.status === 'reserved') abandon(moving, row, undefined);
    else markConflicted(moving, row, `it spends ${parent}, which lost an input`);
  }
};

const selectRivalHeight = rawStatement(
  `SELECT min(o.spent_height) AS height FROM broadcast_input i JOIN output o ON o.txid = i.txid AND o.vout = i.vout
   WHERE i.broadcast_id = ? AND o.spent_height IS NOT NULL AND o.spent_by <> ?`,
);
const selectParents = rawStatement(
  `SELECT DISTINCT p.id, p.family FROM broadcast_input i JOIN broadcast p ON p.txid = i.txid
   WHERE i.broadcast_id = ? AND p.status IN ('conflicted', 'abandoned')`,
);

const selectParentsRivalHeight = rawStatement(
  `SELECT min(r.height) AS height FROM broadcast_input i
   JOIN network_transaction p ON p.txid = i.txid AND p.state = 'gone' AND p.reason = 'conflicted'
   JOIN network_transaction r ON r.txid = p.replaced_by WHERE i.broadcast_id = ?`,
);

/** Height at which a rival of it, or of an ancestor of it, is anchored. */
export const rivalHeight = (orm: Orm, id: number, txid: Txid | null): number | undefined => {
  const {height} = selectRivalHeight(orm).get(id, txid ?? '') as {height: bigint | null};
  if (height !== null) return Number(height);
  const parents = selectParentsRivalHeight(orm).get(id) as {height: bigint | null};
  if (parents.height !== null) return Number(parents.height);
  for (const parent of selectParents(orm).all(id) as {id: bigint; family: bigint}[]) {
    const members = membersOf(orm, Number(parent.family));
    const row = members.find(member => member.id === Number(parent.id));
    const found = row && rivalHeight(orm, row.id, row.txid);
    if (found !== undefined) return found;
  }
  return undefined;
};

const conflicted = prepared(orm =>
  orm
    .select()
    .from(broadcast)
    .where(and(sql`broadcast.status NOT IN ('settled', 'abandoned')`, eq(broadcast.status, 'conflicted')))
    .orderBy(broadcast.id)
    .prepare(),
);

/**
 * A rival that left the chain gives the broadcast back; one that is deep enough gives its other coins back. From then on
 * the conflict is final whatever the chain does: the coins may be in other payments, and somebody may have repaid it.
 */
export const reviewConflicts = (moving: Moving, maxConfirmationCount: number): void => {
  const {orm, tip} = moving;
  let isFinal = false;
  for (const row of conflicted(orm).all()) {
    if (!holdsInputs(orm, row.family) || gaveBack(orm, row)) continue;
    const height = rivalHeight(orm, row.id, row.txid);
    if (height === undefined) becomeSent(moving, row);
    else if (tip - height + 1 >= maxConfirmationCount) {
      if (liveSiblings(orm, row).length > 0) releaseOwnInputs(orm, row);
      else releaseInputs(orm, row.family);
      isFinal = true;
    }
  }
  if (isFinal) forgetUnbuilt(orm);
};

const selectHeld = rawStatement(
  'SELECT 1 FROM broadcast b JOIN broadcast_input i ON i.broadcast_id = b.id WHERE b.family = ? AND i.holds = 1 LIMIT 1',
);
const holdsInputs = (orm: Orm, family: number): boolean => selectHeld(orm).get(family) !== undefined;

const selectGivenBack = rawStatement(
  `SELECT 1 FROM broadcast_input i JOIN output o ON o.txid = i.txid AND o.vout = i.vout
   WHERE i.broadcast_id = ? AND o.reserved_by IS NOT ? LIMIT 1`,
);
/** A bump may have given back the coins that it alone brought while the rest of its family lives on. */
const gaveBack = (orm: Orm, {id, family}: BroadcastRow): boolean => selectGivenBack(orm).get(id, family) !== undefined;
