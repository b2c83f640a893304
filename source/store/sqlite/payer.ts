import {formatAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Orm} from './connection.ts';
import {HOUSE} from './post.ts';
import {rawStatement} from './raw-statement.ts';

export interface AccountState {
  readonly id: number;
  readonly name: string;
  readonly kind: 'user' | 'house';
  readonly balance: bigint;
  readonly frozen: 'reorg' | 'operator' | null;
}

const select = rawStatement('SELECT id, name, kind, balance, frozen FROM account WHERE name = ?');

/** Throws `unknown_account` naming the field that it came in. */
export const accountState = (orm: Orm, name: string, field = 'account'): AccountState => {
  const row = select(orm).get(name) as (Omit<AccountState, 'id'> & {id: bigint}) | undefined;
  if (!row) throw new EngineError('unknown_account', `no account ${name}`, {field});
  return {...row, id: Number(row.id)};
};

/** Whether it is one of those that money of people and of the house is in: a user's, or the house's float. */
export const isSpendable = ({kind, id}: AccountState): boolean => kind === 'user' || id === HOUSE.network_fee;

/**
 * The account that `amount` is to be taken from, after everything that could forbid it. Throws `house_account`,
 * `account_frozen`, `insufficient_funds`, `unknown_account`.
 */
export const payerOf = (orm: Orm, name: string, amount: bigint, field = 'account'): AccountState => {
  const payer = accountState(orm, name, field);
  if (!isSpendable(payer))
    throw new EngineError('house_account', `${name} is the house's and pays nothing out`, {field});
  if (payer.frozen !== null) throw new EngineError('account_frozen', `account ${name} is frozen`, {field});
  // Checked here as well as in `post`, which lets network_fee go below zero for the sake of real fees.
  if (payer.balance < amount)
    throw new EngineError(
      'insufficient_funds',
      `account ${name} holds ${formatAmount(payer.balance)}, ${formatAmount(amount)} is needed`,
      {field: 'amount'},
    );
  return payer;
};
