import type {Event} from '../contract/index.ts';
import type {Application} from '../engine/application.ts';
import {afterOf, coinOf, pageOf} from './shell/checks.ts';
import {catchInterruption} from './shell/interruption.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Context, Verb} from './verb.ts';

/** What an event is about, in one line. */
const summaryOf = ({data}: Event): string => {
  const parts: (string | number | undefined)[] = [];
  if ('from' in data) parts.push(`${data.from} -> ${data.to}`, data.amount, `transfer ${data.id}`);
  else if ('idempotency_key' in data) parts.push(data.account, `-${data.amount}`, `payout ${data.id}`, data.reason);
  else if ('vout' in data && 'first_seen_at' in data) parts.push(data.account, `+${data.amount}`, data.reason);
  else if ('balance' in data) parts.push(data.name, data.balance);
  else if ('backend' in data) parts.push(data.backend, data.reason);
  else if ('backup_made_at' in data) parts.push(`backup of ${formatTime(data.backup_made_at)} at ${data.height}`);
  else if ('drift' in data) parts.push(`drift ${data.drift} at ${data.height}`);
  if ('confirmations' in data) parts.push(`${data.confirmations} conf`);
  return parts.filter(part => part !== undefined).join('  ');
};

const columns: readonly Column<Event>[] = [
  {title: 'SEQ', align: 'right', cell: event => event.sequence},
  {title: 'TIME (UTC)', cell: event => formatTime(event.created_at)},
  {title: 'TYPE', cell: event => event.type.padEnd('deposit.confirmations'.length)},
  {title: 'WHAT', cut: 'end', cell: event => summaryOf(event)},
];

export const events: Verb = {
  name: 'events',
  summary: 'what the application is told, in order',
  parameters: ['<coin>'],
  flags: ['after', 'follow', 'limit'],
  examples: ['events btc', 'events btc --after 120 --limit 1000 --json', 'events btc --follow'],
  notes: 'With --follow --json, one JSON value a line, until Ctrl-C (exit 0). Without --follow: {items, next}.',
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const after = afterOf(context.flags);
    const {limit} = pageOf(context.flags);
    return context.withApplication(async ({application}) => {
      if (context.flags.follow) return followEvents(context, application, coin, after);
      const page = await application.events(coin, after, limit);
      context.output.result(page, () =>
        page.items.length === 0 ? 'no events' : context.output.table(page.items, columns),
      );
      if (page.next !== null) context.output.hint('', `  More: the same with --after ${page.next}`);
      return 0;
    });
  },
};

const followEvents = async (
  context: Context,
  application: Application,
  coin: string,
  after: number,
): Promise<number> => {
  const {output} = context;
  const interruption = catchInterruption();
  const signal = AbortSignal.any([interruption.signal, output.closed]);
  try {
    for await (const event of application.followEvents(coin, after, signal)) {
      output.result(event, () => output.table([event], columns).slice(1));
      if (signal.aborted) break;
    }
    return 0;
  } catch (error) {
    // A request cut off by our own Ctrl-C is the wanted end, whatever the client calls it.
    if (signal.aborted) return 0;
    throw error;
  } finally {
    interruption.release();
  }
};
