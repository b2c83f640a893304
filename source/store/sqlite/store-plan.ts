import {and, eq} from './drizzle.ts';
import type {TransactionPlan} from '../../payout/ports.ts';
import {holdInput} from './broadcast-rows.ts';
import type {Orm} from './connection.ts';
import {address, broadcast} from './schema.ts';

export interface StoredPlan {
  readonly plan: TransactionPlan;
  readonly changeVout: number | undefined;
  readonly virtualSize: number;
  readonly kind: 'payouts' | 'bump' | 'child';
  /** Undefined: it begins one of its own. */
  readonly family: number | undefined;
}

/** Writes a planned transaction as `reserved` and takes hold of its inputs; gives its id. */
export const storePlan = (orm: Orm, {plan, changeVout, virtualSize, kind, family}: StoredPlan, now: number): number => {
  const change = changeVout === undefined ? undefined : plan.outputs[changeVout]!;
  const {id} = orm
    .insert(broadcast)
    .values({
      family: family ?? 0,
      kind,
      status: 'reserved',
      fee: plan.fee,
      virtualSize,
      changeVout: changeVout ?? null,
      changeAddressId: change ? changeAddressId(orm, change.scriptPubKey) : null,
      changeAmount: change?.amount ?? null,
      attempts: 0,
      createdAt: now,
    })
    .returning({id: broadcast.id})
    .get();
  if (family === undefined) orm.update(broadcast).set({family: id}).where(eq(broadcast.id, id)).run();
  for (const [position, {outpoint, amount}] of plan.inputs.entries())
    holdInput(orm, {broadcastId: id, family: family ?? id, position, ...outpoint, amount});
  return id;
};

const changeAddressId = (orm: Orm, script: Buffer): number => {
  const row = orm
    .select({id: address.id})
    .from(address)
    .where(and(eq(address.script, script), eq(address.purpose, 'change')))
    .get();
  if (!row) throw new Error('a plan with change to a script that is not stored');
  return row.id;
};
