import {alias, and, desc, eq, lt, or} from './drizzle.ts';
import type {Page, Transfer, TransferQuery} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {TransferRequest} from '../control-store.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {pageOf, readCursor} from './page.ts';
import {accountState, isSpendable, payerOf} from './payer.ts';
import {post} from './post.ts';
import {rawStatement} from './raw-statement.ts';
import {account, transfer} from './schema.ts';
import {toTime} from './to-contract.ts';

const sender = alias(account, 'sender');
const receiver = alias(account, 'receiver');

const selectTransfers = (orm: Orm) =>
  orm
    .select({row: transfer, from: sender.name, to: receiver.name})
    .from(transfer)
    .innerJoin(sender, eq(sender.id, transfer.fromId))
    .innerJoin(receiver, eq(receiver.id, transfer.toId))
    .$dynamic();

interface TransferRecord {
  readonly row: typeof transfer.$inferSelect;
  readonly from: string;
  readonly to: string;
}

const toTransfer = ({row, from, to}: TransferRecord): Transfer => ({
  id: String(row.id),
  idempotency_key: row.idempotencyKey,
  from,
  to,
  amount: formatAmount(row.amount),
  label: row.label,
  created_at: toTime(row.createdAt),
});

const selectIdOfKey = rawStatement('SELECT id FROM transfer WHERE idempotency_key = ?');
const insertTransfer = rawStatement(
  'INSERT INTO transfer (idempotency_key, from_id, to_id, amount, label, created_at) VALUES (?, ?, ?, ?, ?, ?)',
);

/** As ControlStore.transfer says. */
export const makeTransfer = (orm: Orm, request: TransferRequest, now: number): {value: Transfer; created: boolean} => {
  const known = selectIdOfKey(orm).get(request.key) as {id: bigint} | undefined;
  if (known) return {value: sameAgain(orm, String(known.id), request), created: false};

  const {key, amount, label} = request;
  if (amount <= 0n) throw new EngineError('bad_amount', 'a transfer must be above zero', {field: 'amount'});
  const from = payerOf(orm, request.from, amount, 'from');
  const to = accountState(orm, request.to, 'to');
  if (!isSpendable(to))
    throw new EngineError('house_account', `${to.name} is the house's and takes no transfers`, {field: 'to'});
  if (from.id === to.id)
    throw new EngineError('same_account', `from and to are both ${to.name}: nothing would move`, {field: 'to'});
  const id = Number(insertTransfer(orm).run(key, from.id, to.id, amount, label ?? null, now).lastInsertRowid);
  post(orm, {
    kind: 'transfer',
    reference: String(id),
    now,
    postings: [
      {accountId: from.id, amount: 0n - amount},
      {accountId: to.id, amount},
    ],
  });
  const value = findTransfer(orm, String(id));
  appendEvent(orm, 'transfer.done', value, now);
  return {value, created: true};
};

const sameAgain = (orm: Orm, id: string, request: TransferRequest): Transfer => {
  const value = findTransfer(orm, id);
  const isSame =
    value.from === request.from &&
    value.to === request.to &&
    value.amount === formatAmount(request.amount) &&
    value.label === (request.label ?? null);
  if (!isSame)
    throw new EngineError(
      'idempotency_conflict',
      `the key ${request.key} was used for transfer ${id} with another body: a new transfer needs a new key`,
      {field: 'idempotency_key'},
    );
  return value;
};

/** Throws `not_found`. */
export const findTransfer = (orm: Orm, id: string): Transfer => {
  const record = /^[0-9]{1,15}$/.test(id)
    ? selectTransfers(orm)
        .where(eq(transfer.id, Number(id)))
        .get()
    : undefined;
  if (!record) throw new EngineError('not_found', `no transfer ${id}`);
  return toTransfer(record);
};

const selectId = rawStatement('SELECT id FROM account WHERE name = ?');
/** No account has 0: an unknown one has no transfers. */
const idOf = (orm: Orm, name: string): number => Number((selectId(orm).get(name) as {id: bigint} | undefined)?.id ?? 0);

/** Newest first. Throws `bad_cursor`. */
export const listTransfers = (orm: Orm, query: TransferQuery): Page<Transfer> => {
  const party = query.account === undefined ? undefined : idOf(orm, query.account);
  const rows = selectTransfers(orm)
    .where(
      and(
        query.cursor === undefined ? undefined : lt(transfer.id, readCursor(query.cursor)),
        party === undefined ? undefined : or(eq(transfer.fromId, party), eq(transfer.toId, party)),
        query.idempotency_key === undefined ? undefined : eq(transfer.idempotencyKey, query.idempotency_key),
      ),
    )
    .orderBy(desc(transfer.id))
    .limit(query.limit + 1)
    .all();
  return pageOf(rows, query.limit, ({row}) => String(row.id), toTransfer);
};
