import {customType, sql} from './drizzle.ts';
import {satoshi, type Satoshi} from '../../primitives/amount.ts';
import type {BlockHash, Txid} from '../../primitives/ids.ts';

// The connection reads every INTEGER as bigint (safe integers), because drizzle has no bigint mode for SQLite.
// So every integer column uses one of these types, never drizzle's own.

/** Smallest units. */
export const amount = customType<{data: Satoshi; driverData: bigint}>({
  dataType: () => 'integer',
  fromDriver: value => satoshi(value),
});

/** Heights, ids, counts, milliseconds since 1970: always below 2^53. */
export const int = customType<{data: number; driverData: bigint | number}>({
  dataType: () => 'integer',
  fromDriver: value => Number(value),
});

export const bool = customType<{data: boolean; driverData: bigint | number}>({
  dataType: () => 'integer',
  toDriver: value => (value ? 1 : 0),
  fromDriver: value => Number(value) === 1,
});

export const bytes = customType<{data: Buffer; driverData: Buffer}>({dataType: () => 'blob'});
export const txidText = customType<{data: Txid; driverData: string}>({dataType: () => 'text'});
export const hashText = customType<{data: BlockHash; driverData: string}>({dataType: () => 'text'});

/** INTEGER PRIMARY KEY that SQLite numbers. */
export const autoId = () =>
  int()
    .primaryKey()
    .$defaultFn(() => sql`NULL`);
