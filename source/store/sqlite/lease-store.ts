import {eq, sql} from './drizzle.ts';
import {EngineError, hasCode} from '../../primitives/errors.ts';
import type {LeaseAnswer, LeaseHolder, LeaseStore} from '../lease-store.ts';
import type {Orm} from './connection.ts';
import {lease} from './schema.ts';
import {prepared} from './statements.ts';
import type {Writer} from './writer.ts';

const ROW = 1;

const selectLease = prepared(orm => orm.select().from(lease).where(eq(lease.id, ROW)).prepare());
const fields = {
  epoch: sql.placeholder('epoch'),
  host: sql.placeholder('host'),
  bootId: sql.placeholder('bootId'),
  pid: sql.placeholder('pid'),
  processStart: sql.placeholder('processStart'),
  expiresAt: sql.placeholder('expiresAt'),
};
const insertLease = prepared(orm =>
  orm
    .insert(lease)
    .values({id: ROW, ...fields})
    .onConflictDoUpdate({
      target: lease.id,
      set: {
        epoch: sql`excluded.epoch`,
        host: sql`excluded.host`,
        bootId: sql`excluded.boot_id`,
        pid: sql`excluded.pid`,
        processStart: sql`excluded.process_start`,
        expiresAt: sql`excluded.expires_at`,
      },
    })
    .prepare(),
);
const updateExpiry = prepared(orm =>
  orm
    .update(lease)
    .set({expiresAt: sql`${sql.placeholder('expiresAt')}`})
    .where(eq(lease.id, ROW))
    .prepare(),
);

export const createLeaseStore = (writer: Writer): LeaseStore => {
  const setExpiry = async (expiresAt: number): Promise<void> => {
    if (writer.epoch === undefined) throw new EngineError('fenced', 'this engine holds no lease');
    // The writer compares the epoch in the same transaction.
    await writer.run(orm => void updateExpiry(orm).run({expiresAt}), {silent: true});
  };
  return {
    acquireLease: async (holder, now, validFor, replace) => {
      const answer = await writer.run(orm =>
        takeLease(orm, {holder, now, expiresAt: now + validFor, replace, own: writer.epoch}),
      );
      if (answer.kind === 'held') writer.holdEpoch(answer.epoch);
      return answer;
    },
    renewLease: async (now, validFor) => setExpiry(now + validFor),
    releaseLease: async () => {
      if (writer.epoch === undefined) return;
      try {
        await setExpiry(0);
      } catch (error) {
        // Somebody else has it: there is nothing left to give back.
        if (!hasCode(error, 'fenced')) throw error;
      }
    },
    checkLease: async () => writer.checkEpoch(),
  };
};

interface Claim {
  readonly holder: LeaseHolder;
  readonly now: number;
  readonly expiresAt: number;
  /** The epoch whose holder is provably dead. */
  readonly replace: number | undefined;
  /** The epoch that the claimant itself holds. */
  readonly own: number | undefined;
}

/** The epoch grows at every take-over and never otherwise, so that it tells one holder's writes from another's. */
const takeLease = (orm: Orm, {holder, now, expiresAt, replace, own}: Claim): LeaseAnswer => {
  const current = selectLease(orm).get();
  const isFree = !current || current.expiresAt <= now || current.epoch === replace || current.epoch === own;
  if (!isFree) {
    const {host, bootId, pid, processStart} = current;
    return {
      kind: 'taken',
      holder: {host, bootId, pid, processStart},
      epoch: current.epoch,
      expiresAt: current.expiresAt,
    };
  }
  const epoch = current?.epoch === own && own !== undefined ? own : (current?.epoch ?? 0) + 1;
  insertLease(orm).run({...holder, epoch, expiresAt});
  return {kind: 'held', epoch};
};
