import type {TransactionMove} from '../../chain/transaction-moves.ts';
import type {ImportResult} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {FoundCoin, ImportRequest} from '../control-store.ts';
import type {Orm} from './connection.ts';
import {freezeOverdrawn} from './freeze-accounts.ts';
import {ladderTop, rungAt} from './ladder.ts';
import {isOwnOutpoint} from './load-moves.ts';
import {accountState, isSpendable} from './payer.ts';
import {HOUSE} from './post.ts';
import {PostBatch} from './post-batch.ts';
import {rawStatement} from './raw-statement.ts';

const MOST_SKIPPED = 50;

const selectAddress = rawStatement('SELECT id, account_id, purpose, from_height FROM address WHERE script = ?');
const insertAddress = rawStatement(
  `INSERT INTO address (address, script, purpose, account_id, label, created_at, from_height)
   VALUES (?, ?, 'receive', ?, 'imported', ?, ?)`,
);
const insertTransaction = rawStatement(
  `INSERT INTO network_transaction (txid, raw, state, coinbase, height, block_hash, reason, replaced_by, first_seen_at)
   VALUES (?, ?, 'anchored', ?, ?, ?, NULL, NULL, ?) ON CONFLICT (txid) DO NOTHING`,
);
const selectHeight = rawStatement('SELECT height FROM network_transaction WHERE txid = ?');
const insertOutput = rawStatement(
  `INSERT INTO output (txid, vout, address_id, amount, purpose, coinbase, height)
   VALUES (?, ?, ?, ?, 'import', ?, ?)`,
);
const insertImported = rawStatement(
  'INSERT INTO imported_coin (txid, vout, account_id, amount, credited, created_at) VALUES (?, ?, ?, ?, 1, ?)',
);

interface AddressRow {
  readonly id: bigint;
  readonly account_id: bigint | null;
  readonly purpose: 'receive' | 'change';
  readonly from_height: bigint | null;
}

/** As ControlStore.importCoins says. */
export const importCoins = (orm: Orm, {account, coins, tip}: ImportRequest, now: number): ImportResult => {
  const top = ladderTop(orm);
  if (top?.hash !== tip.hash) throw new EngineError('stale_facts', 'the chain moved meanwhile', {retry: 'backoff'});
  const target = accountState(orm, account);
  if (!isSpendable(target))
    throw new EngineError('house_account', `${account} is the house's and takes no coins`, {field: 'account'});
  const postings = new PostBatch(orm);
  const skipped: ImportResult['skipped'] = [];
  let taken = 0;
  let amount = 0n;
  let addresses = 0;
  for (const coin of coins) {
    if (isOwnOutpoint(orm, coin.outpoint)) continue;
    const owner = ownerOf(orm, coin, {accountId: target.id, height: tip.height, now});
    if (typeof owner === 'string') {
      skipped.push({...coin.outpoint, amount: formatAmount(coin.amount), reason: owner});
      continue;
    }
    if (owner.isNew) addresses += 1;
    store(orm, coin, owner, now);
    const {txid, vout} = coin.outpoint;
    const entry = {kind: 'balance_import', reference: `${txid}:${vout}`, now, amount: coin.amount};
    postings.move({...entry, from: HOUSE.external, to: owner.accountId});
    taken += 1;
    amount += coin.amount;
  }
  postings.flush();
  return {
    account,
    coins: taken,
    amount: formatAmount(amount),
    addresses,
    height: tip.height,
    skipped: skipped.slice(0, MOST_SKIPPED),
  };
};

interface Owner {
  readonly addressId: number;
  readonly accountId: number;
  readonly isNew: boolean;
}

/** Whose it becomes, or why it cannot be taken. */
const ownerOf = (
  orm: Orm,
  {scriptPubKey, address, block, outpoint}: FoundCoin,
  {accountId, height, now}: {accountId: number; height: number; now: number},
): Owner | string => {
  if (rungAt(orm, block.height) !== block.hash) return 'its block is not on the ledger';
  const known = selectHeight(orm).get(outpoint.txid) as {height: bigint | null} | undefined;
  if (known && Number(known.height) !== block.height) return 'the ledger has its transaction elsewhere';
  const row = selectAddress(orm).get(scriptPubKey) as AddressRow | undefined;
  if (row?.purpose === 'change') return 'it is on a change address of ours: a rescan finds it';
  if (row && row.from_height === null) return 'its address was given out by the engine: a rescan finds it as a deposit';
  if (row) return {addressId: Number(row.id), accountId: Number(row.account_id), isNew: false};
  if (address === undefined) return 'its script has no address';
  const {lastInsertRowid} = insertAddress(orm).run(address, scriptPubKey, accountId, now, height);
  return {addressId: Number(lastInsertRowid), accountId, isNew: true};
};

const store = (orm: Orm, coin: FoundCoin, {addressId, accountId}: Owner, now: number): void => {
  const {outpoint, amount, raw, block} = coin;
  const coinbase = coin.coinbase ? 1 : 0;
  insertTransaction(orm).run(outpoint.txid, raw, coinbase, block.height, block.hash, now);
  insertOutput(orm).run(outpoint.txid, outpoint.vout, addressId, amount, coinbase, block.height);
  insertImported(orm).run(outpoint.txid, outpoint.vout, accountId, amount, now);
};

const selectAny = rawStatement('SELECT 1 FROM imported_coin LIMIT 1');
const selectMoved = rawStatement(
  `SELECT i.vout, i.account_id, i.amount, i.credited, o.height FROM imported_coin i
   JOIN output o ON o.txid = i.txid AND o.vout = i.vout
   WHERE i.txid = ? AND i.credited <> (o.height IS NOT NULL)`,
);
const setCredited = rawStatement('UPDATE imported_coin SET credited = ? WHERE txid = ? AND vout = ?');

interface MovedRow {
  readonly vout: bigint;
  readonly account_id: bigint;
  readonly amount: bigint;
  readonly credited: bigint;
}

/** Takes the money of imported coins back when their block goes away, and gives it again when they are in one. */
export const followImported = (orm: Orm, moves: readonly TransactionMove[], now: number): void => {
  if (!anyImported(orm)) return;
  const postings = new PostBatch(orm);
  for (const {txid, before} of moves) {
    if (!before) continue;
    for (const row of selectMoved(orm).all(txid) as MovedRow[]) moveBack(orm, postings, txid, row, now);
  }
  freezeOverdrawn(orm, postings.flush(), now);
};

const moveBack = (orm: Orm, postings: PostBatch, txid: Txid, row: MovedRow, now: number): void => {
  const isCredited = row.credited === 1n;
  const account = Number(row.account_id);
  postings.move({
    kind: isCredited ? 'balance_import_reversal' : 'balance_import',
    reference: `${txid}:${row.vout}`,
    now,
    from: isCredited ? account : HOUSE.external,
    to: isCredited ? HOUSE.external : account,
    amount: row.amount,
  });
  setCredited(orm).run(isCredited ? 0 : 1, txid, Number(row.vout));
};

const selectImported = rawStatement("SELECT 1 FROM output WHERE txid = ? AND vout = ? AND purpose = 'import'");
/** Whether any coin was ever imported; without one, `isImported` need not be asked. */
export const anyImported = (orm: Orm): boolean => selectAny(orm).get() !== undefined;
export const isImported = (orm: Orm, txid: Txid, vout: number): boolean =>
  selectImported(orm).get(txid, vout) !== undefined;
