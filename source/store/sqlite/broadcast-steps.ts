import {eq} from './drizzle.ts';
import type {Hold} from '../../payout/state.ts';
import type {Outpoint, Txid} from '../../primitives/ids.ts';
import {
  broadcastRow,
  expectStatus,
  membersOf,
  releaseInputs,
  releaseOwnInputs,
  requireBroadcast,
  type BroadcastRow,
} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {ladderTop} from './ladder.ts';
import {beginAttempt, keepAnswer} from './broadcast-answers.ts';
import {movePayouts} from './move-payouts.ts';
import {payoutsOfBroadcast, payoutsOfBroadcasts, type Moving} from './payout-rows.ts';
import {placeOn} from './place-payouts.ts';
import {broadcast} from './schema.ts';

export const movingAt = (orm: Orm, now: number): Moving => ({orm, now, tip: ladderTop(orm)?.height ?? 0});

const set = (orm: Orm, id: number, values: Partial<BroadcastRow>): void =>
  void orm.update(broadcast).set(values).where(eq(broadcast.id, id)).run();

/** Nothing may be sent before this has committed. */
export const storeSigned = (orm: Orm, id: string, raw: Buffer, txid: Txid, now: number): void => {
  const row = requireBroadcast(orm, id);
  expectStatus(row, 'reserved');
  set(orm, row.id, {raw, txid, status: 'signed', reason: null, signedAt: now});
  const moving = movingAt(orm, now);
  movePayouts(moving, payoutsOfBroadcast(orm, row.id), () => ({kind: 'sign'}), txid);
};

/** Its payouts say what it waits for. One that is not reserved any more waits for nothing. */
export const noteUnsigned = (orm: Orm, id: string, hold: Hold, now: number): void => {
  const row = requireBroadcast(orm, id);
  if (row.status !== 'reserved') return;
  set(orm, row.id, {reason: `${hold.reason}: ${hold.words}`});
  // Payouts of a bump are with the member that is out.
  if (row.kind === 'payouts')
    movePayouts(movingAt(orm, now), payoutsOfBroadcast(orm, row.id), () => ({kind: 'wait', hold}));
};

/** Only what has signed bytes and still needs the network is sent; tracking may have been quicker. */
export const countAttempt = (orm: Orm, id: string, now: number): boolean => {
  const row = requireBroadcast(orm, id);
  if (row.status === 'reserved') throw new Error(`broadcast ${id} is to be sent without signed bytes`);
  if (row.status !== 'signed' && row.status !== 'sent' && row.status !== 'held') return false;
  set(orm, row.id, {attempts: row.attempts + 1});
  beginAttempt(orm, row.id, row.attempts + 1, now);
  return true;
};

/** Tracking may have been quicker and know of more than a send: then only the answer is kept. */
export const markSent = (orm: Orm, id: string, answer: string, now: number): void => {
  const row = requireBroadcast(orm, id);
  set(orm, row.id, {lastAnswer: answer});
  keepAnswer(orm, row.id, answer, now);
  if (row.status === 'signed' || row.status === 'held') becomeSent(movingAt(orm, now), row);
};

export const becomeSent = (moving: Moving, row: BroadcastRow): void => {
  set(moving.orm, row.id, {status: 'sent', reason: null, sentAt: row.sentAt ?? moving.now});
  if (row.kind === 'bump') takeOver(moving, row);
  movePayouts(moving, payoutsOfBroadcast(moving.orm, row.id), () => ({kind: 'send'}));
};

/** The network has it instead of the older members of its family: the payouts are its own from here on. */
const takeOver = (moving: Moving, row: BroadcastRow): void => {
  const older = membersOf(moving.orm, row.family).filter(({id, raw}) => id < row.id && raw !== null);
  placeOn(
    moving,
    row,
    payoutsOfBroadcasts(
      moving.orm,
      older.map(({id}) => id),
    ),
  );
  for (const {id, status} of older)
    if (status === 'sent' || status === 'held')
      set(moving.orm, id, {reason: `replaced: ${row.txid ?? ''} pays a higher fee`});
};

export const recordAnswer = (orm: Orm, id: string, answer: string, now: number): void => {
  const row = requireBroadcast(orm, id);
  set(orm, row.id, {lastAnswer: answer});
  keepAnswer(orm, row.id, answer, now);
};

/** Keeps the inputs: the signed bytes can still confirm. */
export const holdBroadcast = (orm: Orm, id: string, hold: Hold, now: number): void => {
  const row = requireBroadcast(orm, id);
  if (row.status !== 'signed' && row.status !== 'sent' && row.status !== 'held') return;
  set(orm, row.id, {status: 'held', reason: `${hold.reason}: ${hold.words}`});
  const moving = movingAt(orm, now);
  movePayouts(moving, payoutsOfBroadcast(orm, row.id), () => ({kind: 'hold', hold}));
};

export const abandonBroadcast = (
  orm: Orm,
  id: string,
  hold: Hold | undefined,
  now: number,
  heldIds?: ReadonlySet<string>,
): Outpoint[] => {
  const row = broadcastRow(orm, Number(id));
  if (!row || row.status === 'abandoned') return [];
  expectStatus(row, 'reserved');
  return abandon(movingAt(orm, now), row, hold, heldIds);
};

export const abandon = (
  moving: Moving,
  row: BroadcastRow,
  hold: Hold | undefined,
  heldIds?: ReadonlySet<string>,
): Outpoint[] => {
  movePayouts(moving, payoutsOfBroadcast(moving.orm, row.id), record => {
    const isHeld = hold !== undefined && (heldIds === undefined || heldIds.has(String(record.row.id)));
    return isHeld ? {kind: 'hold', hold} : {kind: 'abandon'};
  });
  const reason = hold ? `${hold.reason}: ${hold.words}` : null;
  set(moving.orm, row.id, {status: 'abandoned', reason});
  // A bump that was never signed leaves the one it was to replace as it is.
  return row.kind === 'bump' ? releaseOwnInputs(moving.orm, row) : releaseInputs(moving.orm, row.family);
};
