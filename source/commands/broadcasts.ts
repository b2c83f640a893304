import {type Broadcast, broadcastStatus} from '../contract/index.ts';
import {coinOf, pageOf, statusOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Broadcast>[] = [
  {title: 'TRANSACTION', cut: 'middle', cell: broadcast => broadcast.txid ?? `(${broadcast.id}, not signed yet)`},
  {title: 'CREATED (UTC)', cell: broadcast => formatTime(broadcast.created_at)},
  {title: 'STATUS', coloured: true, cell: broadcast => broadcast.status},
  {title: 'CONF', align: 'right', cell: broadcast => broadcast.confirmations},
  {title: 'PAYOUTS', align: 'right', cell: broadcast => broadcast.payouts},
  {title: 'AMOUNT', align: 'right', cell: broadcast => broadcast.amount},
  {title: 'FEE', align: 'right', cell: broadcast => broadcast.fee},
  {title: 'SAT/VB', align: 'right', cell: broadcast => broadcast.feerate},
  {title: 'ANSWER', cut: 'end', cell: broadcast => broadcast.reason ?? broadcast.last_answer ?? ''},
];

export const broadcasts: Verb = {
  name: 'broadcasts',
  summary: 'our network transactions: what each pays, its fee, what the node said',
  parameters: ['<coin>'],
  flags: ['status', 'txid', 'limit', 'cursor'],
  choices: {status: broadcastStatus.options},
  examples: ['broadcasts btc', 'broadcasts btc --status sent', 'broadcasts btc --limit 1000 --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const status = statusOf(context.flags, broadcastStatus.options);
    const query = {...pageOf(context.flags), status, txid: context.flags.txid};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.broadcasts(coin, query), columns, 'no transactions of ours yet'),
    );
  },
};
