import type {Address} from '../contract/index.ts';
import {coinOf, pageOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Address>[] = [
  {title: 'ADDRESS', cell: address => address.address},
  {title: 'ACCOUNT', cut: 'end', cell: address => address.account},
  {title: 'LABEL', cut: 'end', cell: address => address.label},
  {title: 'CREATED (UTC)', cell: address => formatTime(address.created_at)},
];

export const addressNew: Verb = {
  name: 'address new',
  summary: 'a fresh address that pays into an account',
  parameters: ['<coin>'],
  flags: ['account', 'label'],
  required: ['account'],
  examples: ['address new btc --account alice', 'address new btc --account alice --label "order 1017"'],
  notes: 'The address comes from the wallet of the node, so the node must be up. Alone on stdout, for scripts.',
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const {account = '', label} = context.flags;
    return context.withApplication(async ({application}) => {
      const address = await application.createAddress(coin, account, label);
      context.output.result(address, () => address.address);
      context.output.hint(
        '',
        `  See what arrives:  cryptoassets-console deposits ${coin} --account ${address.account}`,
      );
      return 0;
    });
  },
};

export const addressList: Verb = {
  name: 'address list',
  summary: 'addresses and the accounts they pay into',
  parameters: ['<coin>'],
  flags: ['account', 'limit', 'cursor'],
  examples: ['address list btc', 'address list btc --account alice'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const query = {...pageOf(context.flags), account: context.flags.account};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.addresses(coin, query), columns, 'no addresses yet'),
    );
  },
};
