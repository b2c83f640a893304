import {satoshi} from '../../primitives/amount.ts';
import type {BlockHash, Txid} from '../../primitives/ids.ts';
import {depositRules} from '../../ledger/deposit.ts';
import type {AgreementStore, DepositToAgree, Verdict} from '../agreement-store.ts';
import type {TrackPolicy} from '../chain-store.ts';
import {saidOf, writeSaid} from './agreement-rows.ts';
import {creditDeposit} from './apply-deposits.ts';
import type {Connection, Orm} from './connection.ts';
import {depositById} from './deposit-rows.ts';
import {liftFreezes} from './freeze-accounts.ts';
import {ladderTop} from './ladder.ts';
import {rawStatement} from './raw-statement.ts';
import {confirmationsAt} from './to-contract.ts';
import type {Writer} from './writer.ts';

const selectWaiting = rawStatement(
  `SELECT d.id, d.txid, d.vout, d.amount, d.height, d.block_hash, d.coinbase, d.waits_for, a.script
   FROM deposit d INDEXED BY deposit_uncredited JOIN address a ON a.id = d.address_id
   WHERE d.status = 'detected' AND d.height IS NOT NULL AND d.amount >= ? ORDER BY d.id LIMIT ?`,
);
const updateWaiting = rawStatement(
  "UPDATE deposit SET waits_for = ? WHERE id = ? AND status = 'detected' AND waits_for IS NOT ?",
);

interface WaitingRow {
  readonly id: bigint;
  readonly txid: Txid;
  readonly vout: bigint;
  readonly amount: bigint;
  readonly height: bigint;
  readonly block_hash: BlockHash;
  readonly coinbase: bigint;
  readonly waits_for: string | null;
  readonly script: Buffer;
}

const depositsToAgree = (orm: Orm, policy: TrackPolicy, limit: number): DepositToAgree[] => {
  const {agreement} = policy;
  const tip = ladderTop(orm)?.height;
  if (agreement === undefined || tip === undefined) return [];
  const rows = (selectWaiting(orm).all(agreement.above, limit) as WaitingRow[]).filter(
    ({height, coinbase}) => confirmationsAt(Number(height), tip) >= depositRules(policy, coinbase === 1n).creditAt,
  );
  return rows.map(row => ({
    id: Number(row.id),
    outpoint: {txid: row.txid, vout: Number(row.vout)},
    scriptPubKey: row.script,
    amount: satoshi(row.amount),
    block: {height: Number(row.height), hash: row.block_hash},
    said: saidOf(orm, Number(row.id), row.block_hash),
    waitsFor: row.waits_for ?? undefined,
  }));
};

const recordVerdict = (
  orm: Orm,
  id: number,
  said: {source: string; block: BlockHash; verdict: Verdict},
  policy: TrackPolicy,
  now: number,
): void => {
  const deposit = depositById(orm, id);
  const tip = ladderTop(orm)?.height;
  if (deposit?.status !== 'detected' || deposit.blockHash !== said.block || tip === undefined) return;
  writeSaid(orm, id, said, now);
  creditDeposit(orm, deposit, {moves: [], previousTip: tip, tip, policy, now});
  liftFreezes(orm, now);
};

const isSame = (one: Verdict | undefined, other: Verdict): boolean =>
  one?.says === other.says && (one.says === 'agreed' || (other.says === 'denied' && one.words === other.words));

export const createAgreementStore = ({orm}: Connection, writer: Writer): AgreementStore => ({
  depositsToAgree: async (policy, limit) => depositsToAgree(orm, policy, limit),
  recordVerdict: async (id, said, policy, now) => {
    // What is known already is no news, for which every loop would wake.
    if (isSame(saidOf(orm, id, said.block).get(said.source), said.verdict)) return;
    await writer.run(orm => recordVerdict(orm, id, said, policy, now));
  },
  noteWaiting: async (id, words) => {
    await writer.run(orm => void updateWaiting(orm).run(words, id, words));
  },
});
