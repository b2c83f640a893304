import type {
  Actor,
  Adjustment,
  BroadcastDetail,
  BumpBody,
  CreateAdjustmentBody,
  CreateTransferBody,
  Transfer,
} from '../contract/index.ts';
import {satoshi} from '../primitives/amount.ts';
import {EngineError, hasCode} from '../primitives/errors.ts';
import type {Created} from './application.ts';
import type {CoinEngine} from './coin-engine.ts';
import {readAmount} from './requests.ts';

export const createTransfer = async (
  engine: CoinEngine,
  key: string,
  {from, to, amount, label}: CreateTransferBody,
  now: number,
  by: Actor,
): Promise<Created<Transfer>> => {
  const moved = readAmount(amount, engine);
  return (await engine.writable()).transfer({key, from, to, amount: moved, label}, now, by);
};

export const adjust = async (
  engine: CoinEngine,
  key: string | undefined,
  {account, amount, reason}: CreateAdjustmentBody,
  now: number,
  by: Actor,
): Promise<Created<Adjustment>> => {
  const isTaken = amount.startsWith('-');
  const absolute = readAmount(isTaken ? amount.slice(1) : amount, engine);
  const signed = satoshi(isTaken ? 0n - absolute : absolute);
  const trimmed = reason.trim();
  if (trimmed === '') throw new EngineError('bad_reason', 'say in a few words why', {field: 'reason'});
  return (await engine.writable()).adjust({key, account, amount: signed, reason: trimmed}, now, by);
};

/** Audited when it is stored: a refusal changes nothing and leaves no trace. */
export const bumpBroadcast = async (
  engine: CoinEngine,
  txid: string,
  {fee_rate: feeRate}: BumpBody,
  now: number,
  by: Actor,
): Promise<BroadcastDetail> => {
  const store = await engine.writable();
  const before = await store.broadcast(txid);
  if (before.txid === undefined) throw new EngineError('not_sent', `broadcast ${before.id} is not signed yet`);
  const {bump} = await engine.start();
  const bumped = await engine.untilStopped(bump(before.txid, feeRate)).catch(async (error: unknown) => {
    // Planned and stored all the same: a person has to sign it.
    if (hasCode(error, 'awaiting_signature'))
      await store.recordAct(
        by,
        {action: 'broadcast.bump', subject: before.txid!, details: {waits: error.message}},
        now,
      );
    throw error;
  });
  const after = await store.broadcast(bumped);
  await store.recordAct(
    by,
    {
      action: 'broadcast.bump',
      subject: before.txid,
      details: {by: bumped, kind: after.kind, fee_before: before.fee, fee: after.fee, feerate: after.feerate},
    },
    now,
  );
  return after;
};
