import {type Deposit, depositStatus} from '../contract/index.ts';
import {coinOf, pageOf, statusOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Deposit>[] = [
  {title: 'ID', align: 'right', cell: deposit => deposit.id},
  {title: 'FIRST SEEN (UTC)', cell: deposit => formatTime(deposit.first_seen_at)},
  {title: 'ACCOUNT', cut: 'end', cell: deposit => deposit.account},
  {title: 'AMOUNT', align: 'right', cell: deposit => deposit.amount},
  {
    title: 'STATUS',
    coloured: true,
    cell: deposit => (deposit.reason ? `${deposit.status} (${deposit.reason})` : deposit.status),
  },
  {title: 'CONF', align: 'right', cell: deposit => deposit.confirmations},
  {title: 'TRANSACTION', cut: 'middle', cell: deposit => `${deposit.txid}:${deposit.vout}`},
];

export const deposits: Verb = {
  name: 'deposits',
  summary: 'what came in: detected, credited, settled, dropped',
  parameters: ['<coin>'],
  flags: ['account', 'status', 'address', 'txid', 'limit', 'cursor'],
  choices: {status: depositStatus.options},
  examples: ['deposits btc', 'deposits btc --account alice --status credited', 'deposits btc --limit 1000 --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const status = statusOf(context.flags, depositStatus.options);
    const {account, address, txid} = context.flags;
    const query = {...pageOf(context.flags), account, address, txid, status};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.deposits(coin, query), columns, 'no deposits'),
    );
  },
};
