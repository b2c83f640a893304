import {coinOf, pageOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

export const transactions: Verb = {
  name: 'transactions',
  summary: 'the ledger: double-entry transactions and their postings',
  parameters: ['<coin>'],
  flags: ['account', 'limit', 'cursor'],
  examples: ['transactions btc', 'transactions btc --account alice --limit 20'],
  notes: 'Postings of one transaction sum to zero; entries are never changed, corrections are new entries.',
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const query = {...pageOf(context.flags), account: context.flags.account};
    return context.withApplication(async ({application}) => {
      const page = await application.transactions(coin, query);
      if (context.output.json) return reportPage(context.output, page, [], '');
      const lines = page.items.flatMap(({postings, ...transaction}) =>
        postings.map((posting, index) => ({...posting, ...(index === 0 ? transaction : undefined)})),
      );
      // A transaction's head stands beside its first posting only, as in a printed journal.
      const table = context.output.table(lines, [
        {title: 'ID', align: 'right', cell: line => line.id ?? ''},
        {title: 'TIME (UTC)', cell: line => formatTime(line.created_at) ?? ''},
        {title: 'KIND', cell: line => line.kind ?? ''},
        {title: 'REFERENCE', cut: 'middle', cell: line => line.reference ?? ''},
        {title: 'ACCOUNT', cut: 'end', cell: line => line.account},
        {title: 'AMOUNT', align: 'right', cell: line => line.amount},
      ]);
      context.output.result(page, () => (page.items.length === 0 ? 'no transactions yet' : table));
      if (page.next !== null) context.output.hint('', `  More: the same with --cursor ${page.next}`);
      return 0;
    });
  },
};
