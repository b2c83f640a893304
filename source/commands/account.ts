import type {Account} from '../contract/index.ts';
import {coinOf, pageOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatFields, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Account>[] = [
  {title: 'ACCOUNT', cut: 'end', cell: account => account.name},
  {title: 'BALANCE', align: 'right', cell: account => account.balance},
  {title: 'PENDING', align: 'right', cell: account => account.pending},
  {title: 'PENDING OUT', align: 'right', cell: account => account.pending_out},
  {title: 'STATE', coloured: true, cell: account => (account.frozen ? 'FROZEN' : 'open')},
];

const fieldsOf = (account: Account): string[] =>
  formatFields({
    account: account.name,
    balance: account.balance,
    pending: `${account.pending}  (received, not yet credited)`,
    'pending out': `${account.pending_out}  (paid out, not yet confirmed)`,
    state: account.frozen ? `FROZEN by ${account.frozen_by ?? ''}` : 'open',
    created: `${formatTime(account.created_at)} UTC`,
  });

export const accountCreate: Verb = {
  name: 'account create',
  summary: 'open an account; the same name again changes nothing',
  parameters: ['<coin>', '<name>'],
  flags: [],
  examples: ['account create btc alice', 'account create btc shop:7 --json'],
  async run(context) {
    const [coin = '', name = ''] = context.values;
    coinOf(context.config(), coin);
    return context.withApplication(async ({application}) => {
      const {value, created} = await application.createAccount(coin, name);
      context.output.result(value, () => [
        `${created ? 'created' : 'was there already'}:`,
        ...fieldsOf(value).map(line => `  ${line}`),
      ]);
      context.output.hint(
        '',
        `  Next, where it is paid:  cryptoassets-console address new ${coin} --account ${value.name}`,
      );
      return 0;
    });
  },
};

export const accountList: Verb = {
  name: 'account list',
  summary: 'accounts with their balances',
  parameters: ['<coin>'],
  flags: ['limit', 'cursor'],
  examples: ['account list btc', 'account list btc --limit 1000 --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const page = pageOf(context.flags);
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.accounts(coin, page), columns, 'no accounts yet'),
    );
  },
};

export const accountShow: Verb = {
  name: 'account show',
  summary: 'one account: balance, pending in and out, frozen or not',
  parameters: ['<coin>', '<name>'],
  flags: [],
  examples: ['account show btc alice'],
  async run(context) {
    const [coin = '', name = ''] = context.values;
    coinOf(context.config(), coin);
    return context.withApplication(async ({application}) => {
      const account = await application.account(coin, name);
      context.output.result(account, () => fieldsOf(account));
      return 0;
    });
  },
};

const freezeVerb = (how: 'freeze' | 'unfreeze'): Verb => ({
  name: `account ${how}`,
  summary: how === 'freeze' ? 'let nothing go out of an account, until unfrozen by hand' : 'lift a freeze',
  parameters: ['<coin>', '<name>'],
  flags: ['reason'],
  examples: [`account ${how} btc alice`, `account ${how} btc alice --reason "asked by support"`],
  notes:
    how === 'freeze'
      ? 'Deposits still come in. Payouts that are queued are held; those that are signed go their way.'
      : 'An account that a reorg took below zero unfreezes itself at zero or more.',
  async run(context) {
    const [coin = '', name = ''] = context.values;
    coinOf(context.config(), coin);
    const {reason} = context.flags;
    return context.withApplication(async ({application}) => {
      const account =
        how === 'freeze'
          ? await application.freezeAccount(coin, name, reason)
          : await application.unfreezeAccount(coin, name, reason);
      context.output.result(account, () => fieldsOf(account));
      return 0;
    });
  },
});
export const accountFreeze = freezeVerb('freeze');
export const accountUnfreeze = freezeVerb('unfreeze');
