import {type Payout, payoutStatus} from '../contract/index.ts';
import {coinOf, pageOf, statusOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Payout>[] = [
  {title: 'ID', align: 'right', cell: payout => payout.id},
  {title: 'CREATED (UTC)', cell: payout => formatTime(payout.created_at)},
  {title: 'ACCOUNT', cut: 'end', cell: payout => payout.account},
  {title: 'AMOUNT', align: 'right', cell: payout => payout.amount},
  {title: 'STATUS', coloured: true, cell: payout => payout.status},
  {title: 'CONF', align: 'right', cell: payout => payout.confirmations},
  {title: 'TO', cut: 'middle', cell: payout => payout.address},
  {title: 'WHY', cut: 'end', cell: payout => payout.reason ?? ''},
];

export const payouts: Verb = {
  name: 'payouts',
  summary: 'what goes out, and why not yet',
  parameters: ['<coin>'],
  flags: ['account', 'status', 'address', 'txid', 'key', 'limit', 'cursor'],
  choices: {status: payoutStatus.options},
  examples: ['payouts btc', 'payouts btc --status held', 'payouts btc --account alice --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const status = statusOf(context.flags, payoutStatus.options);
    const {account, address, txid, key} = context.flags;
    const query = {...pageOf(context.flags), account, address, txid, idempotency_key: key, status};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.payouts(coin, query), columns, 'no payouts'),
    );
  },
};
