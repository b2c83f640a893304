import type {ChainFacts, RelevantTransaction} from '../../chain/facts.ts';
import {transactionInputs} from '../../chain/transaction-inputs.ts';
import type {DropReason} from '../../contract/index.ts';
import {scriptKey, type KnownTransaction, type MovesState, type OwnAddress} from '../../chain/transaction-moves.ts';
import {outpointKey, type BlockHash, type Outpoint, type OutpointKey, type Txid} from '../../primitives/ids.ts';
import type {Orm} from './connection.ts';
import {meetDerived} from './derived-scripts.ts';
import {rawStatement} from './raw-statement.ts';

interface TransactionRow {
  readonly txid: Txid;
  readonly state: KnownTransaction['state'];
  readonly coinbase: bigint;
  readonly height: bigint | null;
  readonly block_hash: BlockHash | null;
  readonly reason: DropReason | null;
  readonly replaced_by: Txid | null;
}

interface AddressRow {
  readonly id: bigint;
  readonly account_id: bigint | null;
  readonly purpose: OwnAddress['purpose'];
  readonly from_height: bigint | null;
}

const selectTransaction = rawStatement(
  'SELECT txid, state, coinbase, height, block_hash, reason, replaced_by FROM network_transaction WHERE txid = ?',
);
const selectAnchoredFrom = rawStatement(
  'SELECT txid, raw, state, coinbase, height, block_hash, reason, replaced_by FROM network_transaction WHERE height >= ?',
);
const selectAddress = rawStatement('SELECT id, account_id, purpose, from_height FROM address WHERE script = ?');
const selectOutput = rawStatement('SELECT 1 FROM output WHERE txid = ? AND vout = ?');
const selectRivals = rawStatement(
  'SELECT DISTINCT txid FROM unconfirmed_input WHERE previous_txid = ? AND previous_vout = ?',
);
const selectChildren = rawStatement('SELECT DISTINCT txid FROM unconfirmed_input WHERE previous_txid = ?');
const selectAnyRival = rawStatement('SELECT 1 FROM unconfirmed_input LIMIT 1');

const toKnown = (row: TransactionRow): KnownTransaction => ({
  state: row.state,
  coinbase: row.coinbase === 1n,
  height: row.height === null ? null : Number(row.height),
  hash: row.block_hash,
  reason: row.reason,
  replacedBy: row.replaced_by,
});

/** Inputs of our transactions in the blocks from this height up. */
export const inputsFrom = (orm: Orm, height: number): Outpoint[] =>
  (selectAnchoredFrom(orm).all(height) as {raw: Buffer}[]).flatMap(({raw}) => transactionInputs(raw));

const selectAnchored = rawStatement("SELECT height FROM network_transaction WHERE txid = ? AND state = 'anchored'");

/** Height of the block that it is anchored in; undefined for what is not, or is not ours. */
export const anchoredAt = (orm: Orm, txid: Txid): number | undefined => {
  const row = selectAnchored(orm).get(txid) as {height: bigint} | undefined;
  return row && Number(row.height);
};

const selectRaw = rawStatement('SELECT raw FROM network_transaction WHERE txid = ?');
export const rawTransaction = (orm: Orm, txid: Txid): Buffer | undefined =>
  (selectRaw(orm).get(txid) as {raw: Buffer} | undefined)?.raw;

export const isOwnOutpoint = (orm: Orm, {txid, vout}: Outpoint): boolean =>
  selectOutput(orm).get(txid, vout) !== undefined;

/** Loads what `planMoves` needs to know about these facts; nothing else, so that its cost is that of the facts. */
export const loadMoves = (orm: Orm, facts: ChainFacts, disconnectFrom: number | undefined, now: number): MovesState => {
  const known = new Map<Txid, KnownTransaction>();
  const disconnected = new Map<Txid, readonly Outpoint[]>();
  const state = {
    known,
    disconnected,
    addresses: new Map<string, OwnAddress>(),
    ownOutpoints: new Set<OutpointKey>(),
    rivals: new Map<OutpointKey, readonly Txid[]>(),
    children: new Map<Txid, readonly Txid[]>(),
  };
  if (disconnectFrom !== undefined) {
    const rows = selectAnchoredFrom(orm).all(disconnectFrom) as (TransactionRow & {raw: Buffer})[];
    for (const row of rows) {
      known.set(row.txid, toKnown(row));
      disconnected.set(row.txid, transactionInputs(row.raw));
    }
  }
  const hasRivals = selectAnyRival(orm).get() !== undefined;
  for (const block of facts.connected)
    for (const transaction of block.transactions) loadTransaction(orm, state, transaction, {hasRivals, now});
  for (const transaction of facts.seen) loadTransaction(orm, state, transaction, {hasRivals, now});
  for (const {txid} of facts.gone) loadKnown(orm, known, txid);
  for (const rivals of state.rivals.values()) for (const txid of rivals) loadKnown(orm, known, txid);
  for (const {txid} of facts.ancestors ?? []) loadKnown(orm, known, txid);
  if (hasRivals) loadDescendants(orm, state);
  return state;
};

/** Only what may lose a coin to a block has descendants that matter. */
const loadDescendants = (orm: Orm, {known, disconnected, rivals, children}: Loading): void => {
  const open = [...new Set([...[...rivals.values()].flat(), ...disconnected.keys()])];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    if (children.has(parent)) continue;
    const found = (selectChildren(orm).all(parent) as {txid: Txid}[]).map(({txid}) => txid);
    children.set(parent, found);
    for (const txid of found) loadKnown(orm, known, txid);
    open.push(...found);
  }
};

const loadKnown = (orm: Orm, known: Map<Txid, KnownTransaction>, txid: Txid): void => {
  if (known.has(txid)) return;
  const row = selectTransaction(orm).get(txid) as TransactionRow | undefined;
  if (row) known.set(txid, toKnown(row));
};

interface Loading {
  readonly known: Map<Txid, KnownTransaction>;
  readonly disconnected: ReadonlyMap<Txid, readonly Outpoint[]>;
  readonly addresses: Map<string, OwnAddress>;
  readonly ownOutpoints: Set<OutpointKey>;
  readonly rivals: Map<OutpointKey, readonly Txid[]>;
  readonly children: Map<Txid, readonly Txid[]>;
}

const loadTransaction = (
  orm: Orm,
  state: Loading,
  transaction: RelevantTransaction,
  {hasRivals, now}: {hasRivals: boolean; now: number},
): void => {
  loadKnown(orm, state.known, transaction.txid);
  for (const {scriptPubKey} of transaction.outputs) {
    const key = scriptKey(scriptPubKey);
    if (state.addresses.has(key)) continue;
    const row = (selectAddress(orm).get(scriptPubKey) ??
      (meetDerived(orm, scriptPubKey, now) ? selectAddress(orm).get(scriptPubKey) : undefined)) as
      AddressRow | undefined;
    if (!row) continue;
    const accountId = row.account_id === null ? null : Number(row.account_id);
    const fromHeight = row.from_height === null ? null : Number(row.from_height);
    state.addresses.set(key, {id: Number(row.id), accountId, purpose: row.purpose, fromHeight});
  }
  for (const input of transaction.inputs) {
    if (isOwnOutpoint(orm, input)) state.ownOutpoints.add(outpointKey(input));
    if (!hasRivals) continue;
    const rivals = selectRivals(orm).all(input.txid, input.vout) as {txid: Txid}[];
    if (rivals.length > 0)
      state.rivals.set(
        outpointKey(input),
        rivals.map(row => row.txid),
      );
  }
};
