import {and, eq} from './drizzle.ts';
import type {Coin} from '../../coins/index.ts';
import {matchTwin, type Twin} from '../../payout/twin.ts';
import {satoshi, sum, type Satoshi} from '../../primitives/amount.ts';
import type {Txid} from '../../primitives/ids.ts';
import {appendEvent} from './append-event.ts';
import {broadcastRow, holdInput, membersOf, type BroadcastRow, type InputRow} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {Names} from './names.ts';
import {payoutsOfBroadcasts, type Moving} from './payout-rows.ts';
import {address, broadcast, deposit, output} from './schema.ts';
import {toDeposit} from './to-contract.ts';

/**
 * A transaction that we did not make but that pays exactly what the family owes, with coins of ours and change to one
 * of our change scripts, becomes a member of the family: somebody bumped the fee by hand. Undefined when it is not
 * one, or when its fee cannot be told for sure. What it takes from others' families is a conflict of theirs.
 */
export const adoptTwin = (moving: Moving, row: BroadcastRow, txid: Txid, raw: Buffer): BroadcastRow | undefined => {
  const {orm, now} = moving;
  const members = membersOf(orm, row.family).map(({id}) => id);
  const owed = payoutsOfBroadcasts(orm, members).map(({row: {id, script, amount}}) => ({
    id: String(id),
    scriptPubKey: script,
    amount,
  }));
  if (owed.length === 0) return undefined;
  const twin = matchTwin(raw, owed, script => changeAddress(orm, script) !== undefined);
  const inputs = twin && ownInputs(orm, row.family, twin);
  if (!twin || !inputs) return undefined;
  const fee = satoshi(sum(inputs.map(({amount}) => amount)) - twin.outputTotal);
  if (fee <= 0n || !takeChange(moving, txid, twin)) return undefined;
  const {id} = orm
    .insert(broadcast)
    .values({
      family: row.family,
      txid,
      status: 'sent',
      raw,
      fee,
      virtualSize: twin.virtualSize,
      changeVout: twin.change?.vout ?? null,
      changeAddressId: twin.change ? changeAddress(orm, twin.change.scriptPubKey)! : null,
      changeAmount: twin.change?.amount ?? null,
      attempts: 0,
      lastAnswer: 'found in the chain, made by hand',
      createdAt: now,
      signedAt: now,
      sentAt: now,
    })
    .returning({id: broadcast.id})
    .get();
  for (const [position, input] of inputs.entries())
    holdInput(orm, {broadcastId: id, family: row.family, position, ...input});
  return broadcastRow(orm, id);
};

const changeAddress = (orm: Orm, script: Buffer): number | undefined =>
  orm
    .select({id: address.id})
    .from(address)
    .where(and(eq(address.script, script), eq(address.purpose, 'change')))
    .get()?.id;

/** Undefined when an input is a stranger's or belongs to another family. */
const ownInputs = (orm: Orm, family: number, twin: Twin): InputRow[] | undefined => {
  const inputs: (InputRow & {amount: Satoshi})[] = [];
  for (const {txid, vout} of twin.inputs) {
    const own = orm
      .select({amount: output.amount, reservedBy: output.reservedBy})
      .from(output)
      .where(and(eq(output.txid, txid), eq(output.vout, vout)))
      .get();
    if (!own || (own.reservedBy !== null && own.reservedBy !== family)) return undefined;
    inputs.push({txid, vout, amount: own.amount});
  }
  return inputs;
};

/**
 * Change of a stranger's transaction was a deposit in suspense until now. It is dropped while it is not credited;
 * once it is, the books have it there, and a person has to decide.
 */
const takeChange = ({orm, now, tip}: Moving, txid: Txid, {change}: Twin): boolean => {
  if (!change) return true;
  const at = and(eq(deposit.txid, txid), eq(deposit.vout, change.vout));
  const found = orm.select().from(deposit).where(at).get();
  if (found && (found.status === 'credited' || found.status === 'settled')) return false;
  orm
    .update(output)
    .set({purpose: 'change'})
    .where(and(eq(output.txid, txid), eq(output.vout, change.vout)))
    .run();
  if (!found || found.status === 'dropped') return true;
  const dropped = {...found, status: 'dropped' as const, reason: 'replaced' as const, height: null, blockHash: null};
  orm.update(deposit).set(dropped).where(at).run();
  appendEvent(orm, 'deposit.dropped', toDeposit(dropped, new Names(orm).of(found), tip, NOT_COINBASE), now);
  return true;
};

/** Change never comes from a coinbase, so that its maturity is never shown. */
const NOT_COINBASE: Coin['coinbaseMaturity'] = 0;
