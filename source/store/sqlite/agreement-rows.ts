import type {Satoshi} from '../../primitives/amount.ts';
import type {BlockHash} from '../../primitives/ids.ts';
import type {Verdict} from '../agreement-store.ts';
import type {AgreementPolicy} from '../chain-store.ts';
import type {Orm} from './connection.ts';
import {rawStatement} from './raw-statement.ts';

const selectSaid = rawStatement(
  'SELECT source, says, words FROM deposit_agreement WHERE deposit_id = ? AND block_hash = ?',
);
const upsertSaid = rawStatement(
  `INSERT INTO deposit_agreement (deposit_id, source, block_hash, says, words, asked_at) VALUES (?, ?, ?, ?, ?, ?)
   ON CONFLICT (deposit_id, source) DO UPDATE SET block_hash = excluded.block_hash, says = excluded.says,
   words = excluded.words, asked_at = excluded.asked_at`,
);
const deleteSaid = rawStatement('DELETE FROM deposit_agreement WHERE deposit_id = ?');
const forgetWaiting = rawStatement('UPDATE deposit SET waits_for = NULL WHERE id = ? AND waits_for IS NOT NULL');

interface SaidRow {
  readonly source: string;
  readonly says: 'agreed' | 'denied';
  readonly words: string | null;
}

/** What backends said of a deposit in this block, by their names. */
export const saidOf = (orm: Orm, id: number, block: BlockHash): Map<string, Verdict> =>
  new Map(
    (selectSaid(orm).all(id, block) as SaidRow[]).map(({source, says, words}) => [
      source,
      says === 'agreed' ? {says} : {says, words: words ?? ''},
    ]),
  );

export const writeSaid = (
  orm: Orm,
  id: number,
  {source, block, verdict}: {source: string; block: BlockHash; verdict: Verdict},
  now: number,
): void => {
  upsertSaid(orm).run(id, source, block, verdict.says, verdict.says === 'denied' ? verdict.words : null, now);
};

/** Its block went away: what was said of it is void, also should it come back. */
export const forgetAgreement = (orm: Orm, id: number): void => {
  deleteSaid(orm).run(id);
  forgetWaiting(orm).run(id);
};

/** Whether enough backends say that it is in this block, and none that it is not. */
export const isAgreed = (
  orm: Orm,
  {id, amount}: {id: number; amount: Satoshi},
  block: BlockHash,
  {above, sources, among}: AgreementPolicy,
): boolean => {
  if (amount < above) return true;
  const verdicts = [...saidOf(orm, id, block)].filter(([source]) => among.includes(source)).map(([, {says}]) => says);
  return !verdicts.includes('denied') && verdicts.length >= sources;
};
