import type {AuditEntry} from '../contract/index.ts';
import {coinOf, pageOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const detailsOf = ({details}: AuditEntry): string =>
  Object.entries(details)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

const columns: readonly Column<AuditEntry>[] = [
  {title: 'ID', align: 'right', cell: entry => entry.id},
  {title: 'TIME (UTC)', cell: entry => formatTime(entry.created_at)},
  {
    title: 'WHO',
    cut: 'end',
    cell: entry => (entry.client === undefined ? entry.actor : `${entry.actor} (${entry.client})`),
  },
  {title: 'DID', cell: entry => entry.action},
  {title: 'TO', cut: 'middle', cell: entry => entry.subject},
  {title: 'DETAILS', cut: 'end', cell: detailsOf},
  {title: 'COMMAND', cut: 'end', cell: entry => entry.command},
];

export const audit: Verb = {
  name: 'audit',
  summary: 'what people did: releases, cancellations, rescans and the like',
  parameters: ['<coin>'],
  flags: ['actor', 'action', 'subject', 'limit', 'cursor'],
  examples: ['audit btc', 'audit btc --action payout.release', 'audit btc --actor shop --limit 1000 --json'],
  notes: 'Entries are chained by hashes; `check` recomputes them and names the first that was changed or removed.',
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const {actor, action, subject} = context.flags;
    const query = {...pageOf(context.flags), actor, action, subject};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.audit(coin, query), columns, 'nobody did anything yet'),
    );
  },
};
