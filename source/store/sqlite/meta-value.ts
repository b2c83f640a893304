import {rawStatement} from './raw-statement.ts';
import type {Orm} from './connection.ts';

/**
 * The few words that the whole ledger hangs on, besides what init pinned.
 * `books_drift`, `deep_fork`: why no payout may be signed, in words; absent when all is well.
 * `deep_fork_at`: which fork was refused; `accepted_fork`: which one an operator let through. `height:top hash`.
 * `last_books`: the last check of the books, JSON. `backend_told`: type of the last event about the backend, up while
 * another one speaks; `backend_speaks`: the one of several that was told last to speak.
 * `payouts_paused`: the operator's switch, JSON.
 * `restored`: which backup this ledger was restored from, JSON, until payouts were resumed.
 * `audit_head`: `id hash` of the newest row of the audit log, so that a removed end shows.
 */
export type MetaKey =
  | 'books_drift'
  | 'deep_fork'
  | 'deep_fork_at'
  | 'accepted_fork'
  | 'last_books'
  | 'backend_told'
  | 'backend_speaks'
  | 'audit_head'
  | 'payouts_paused'
  | 'restored';

const select = rawStatement('SELECT value FROM meta WHERE key = ?');
const upsert = rawStatement(
  'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
);
const remove = rawStatement('DELETE FROM meta WHERE key = ?');

export const metaValue = (orm: Orm, key: MetaKey): string | undefined =>
  (select(orm).get(key) as {value: string} | undefined)?.value;

/** Undefined removes it. */
export const setMetaValue = (orm: Orm, key: MetaKey, value: string | undefined): void => {
  if (value === undefined) remove(orm).run(key);
  else upsert(orm).run(key, value);
};
