import type {BlockFacts} from '../../chain/facts.ts';
import type {BlockHash, BlockRef} from '../../primitives/ids.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

interface RungRow {
  readonly height: bigint;
  readonly hash: BlockHash;
}

const selectTop = rawStatement('SELECT height, hash FROM block ORDER BY height DESC LIMIT 1');
const selectBottom = rawStatement('SELECT height, hash FROM block ORDER BY height LIMIT 1');
const selectRung = rawStatement('SELECT hash FROM block WHERE height = ?');
const deleteFrom = rawStatement('DELETE FROM block WHERE height >= ?');
const insertRung = rawStatement('INSERT INTO block (height, hash, time) VALUES (?, ?, ?)');

const toRef = (row: RungRow | undefined): BlockRef | undefined => row && {height: Number(row.height), hash: row.hash};

export const ladderTop = (orm: Orm): BlockRef | undefined => toRef(selectTop(orm).get() as RungRow | undefined);
export const ladderBottom = (orm: Orm): BlockRef | undefined => toRef(selectBottom(orm).get() as RungRow | undefined);

export const rungAt = (orm: Orm, height: number): BlockHash | undefined =>
  (selectRung(orm).get(height) as RungRow | undefined)?.hash;

export const disconnectRungs = (orm: Orm, from: number): void => void deleteFrom(orm).run(from);

export const connectRungs = (orm: Orm, blocks: readonly BlockFacts[]): void => {
  const insert = insertRung(orm);
  for (const {height, hash, time} of blocks) insert.run(height, hash, time);
};

/**
 * Adds rungs right below the bottom, given upwards. Their blocks were not looked at; `time` is 0 because only the
 * hash is known. Rungs that are there already are left alone.
 */
export const extendLadder = (orm: Orm, rungs: readonly BlockRef[]): void => {
  const bottom = ladderBottom(orm);
  const missing = rungs.filter(rung => bottom !== undefined && rung.height < bottom.height);
  const last = missing.at(-1);
  if (bottom === undefined || last === undefined) return;
  if (last.height !== bottom.height - 1) throw new Error(`rung ${last.height} is not right below ${bottom.height}`);
  const insert = insertRung(orm);
  for (const {height, hash} of missing) insert.run(height, hash, 0);
};
