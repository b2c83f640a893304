import {eq, sql} from './drizzle.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {LedgerIdentity} from '../store.ts';
import type {Orm} from './connection.ts';
import {meta} from './schema.ts';
import {prepared} from './statements.ts';

const KEY = 'identity';

const selectIdentity = prepared(orm => orm.select().from(meta).where(eq(meta.key, KEY)).prepare());
const insertIdentity = prepared(orm =>
  orm
    .insert(meta)
    .values({key: KEY, value: sql.placeholder('value')})
    .prepare(),
);

/** What init pinned; undefined when it did not get that far. */
export const readIdentity = (orm: Orm): LedgerIdentity | undefined => {
  const row = selectIdentity(orm).get();
  return row && (JSON.parse(row.value) as LedgerIdentity);
};

export const writeIdentity = (orm: Orm, identity: LedgerIdentity): void => {
  insertIdentity(orm).run({value: JSON.stringify(identity)});
};

/** Everything that must be the same for a ledger to be the one that is meant. */
export type Pinned = Pick<LedgerIdentity, 'coin' | 'network' | 'genesis' | 'walletFingerprints'>;

/**
 * Throws `wrong_ledger`, naming what is pinned and what was asked for. A wallet may have more fingerprints than were
 * pinned, as while the engine runs: it got more keys, or is told apart by more than before.
 */
export const requireSame = (file: string, pinned: Pinned, wanted: Pinned): void => {
  const refuse = (what: string, is: string, asked: string): never => {
    throw new EngineError(
      'wrong_ledger',
      `${file}: this ledger belongs to ${what} ${is}, and not to ${asked}; give the other one a database of its own`,
    );
  };
  if (pinned.coin !== wanted.coin) refuse('coin', pinned.coin, wanted.coin);
  if (pinned.network !== wanted.network) refuse('network', pinned.network, wanted.network);
  if (pinned.genesis !== wanted.genesis) refuse('the chain that begins with block', pinned.genesis, wanted.genesis);
  if (!isWithin(pinned.walletFingerprints, wanted.walletFingerprints)) {
    const [is, asked] = [pinned, wanted].map(({walletFingerprints}) => [...walletFingerprints].sort().join(', '));
    refuse('the wallet with fingerprints', is || 'none', asked || 'none');
  }
};

/** All of the pinned ones are there; where none were pinned, there must be none. */
const isWithin = (pinned: readonly string[], wanted: readonly string[]): boolean =>
  pinned.length === 0 ? wanted.length === 0 : pinned.every(fingerprint => wanted.includes(fingerprint));
