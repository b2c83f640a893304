import type {Account} from '../../contract/index.ts';
import {formatAmount} from '../../primitives/amount.ts';
import {EngineError} from '../../primitives/errors.ts';
import {appendEvent} from './append-event.ts';
import type {Orm} from './connection.ts';
import {accountView, setFrozen} from './freeze-accounts.ts';
import {accountState} from './payer.ts';
import {rawStatement} from './raw-statement.ts';

const forgetReleases = rawStatement(
  "UPDATE payout SET released = 0 WHERE account_id = ? AND status IN ('queued', 'reserved', 'held') AND released = 1",
);

/** A release that came before does not let a payout past the freeze; one that comes after does. */
export const freezeAccount = (orm: Orm, name: string, now: number): Account => {
  const {id, kind, frozen} = accountState(orm, name, 'name');
  if (kind === 'house')
    throw new EngineError('house_account', `${name} is the house's: pause the payouts instead`, {field: 'name'});
  if (frozen === 'operator') return accountView(orm, id);
  setFrozen(orm).run('operator', id);
  forgetReleases(orm).run(id);
  const view = accountView(orm, id);
  if (frozen === null) appendEvent(orm, 'account.frozen', view, now);
  return view;
};

export const unfreezeAccount = (orm: Orm, name: string, now: number): Account => {
  const {id, frozen, balance} = accountState(orm, name, 'name');
  if (frozen === null) return accountView(orm, id);
  if (balance < 0n && frozen === 'reorg')
    throw new EngineError(
      'wrong_state',
      `account ${name} is at ${formatAmount(balance)} after a reorg: it unfreezes itself at zero or more`,
      {field: 'name'},
    );
  setFrozen(orm).run(balance < 0n ? 'reorg' : null, id);
  const view = accountView(orm, id);
  if (balance >= 0n) appendEvent(orm, 'account.unfrozen', view, now);
  return view;
};
