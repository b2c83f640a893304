import type {Application} from '../engine/application.ts';
import type {Delivery, SinkStatus} from '../contract/index.ts';
import {coinOf, pageOf, sequenceOf, statusOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatTime} from './shell/table.ts';
import type {Context, Verb} from './verb.ts';

/** Also what `status` prints. */
export const sinkColumns: readonly Column<SinkStatus>[] = [
  {title: 'SINK', cell: sink => sink.name},
  {title: 'COIN', cell: sink => sink.coin},
  {title: 'STATE', cell: sink => sink.state},
  {title: 'WAITING', align: 'right', cell: sink => sink.waiting},
  {title: 'DEAD', align: 'right', cell: sink => sink.dead},
  {title: 'LAST DELIVERED (UTC)', cell: sink => formatTime(sink.last_delivered_at)},
  {title: 'LAST ERROR', cell: sink => sink.last_error ?? ''},
];

const replayWords = ({replay}: SinkStatus): string | undefined =>
  replay === null ? undefined : `${replay.at} of ${replay.from}-${replay.to}`;

const detailedColumns: readonly Column<SinkStatus>[] = [
  {title: 'SINK', cell: sink => sink.name},
  {title: 'TYPE', cell: sink => sink.type},
  ...sinkColumns.slice(1, 5),
  {title: 'OLDEST (UTC)', cell: sink => formatTime(sink.oldest_waiting_at)},
  {title: 'STATUS', align: 'right', cell: sink => sink.last_status},
  {title: 'MS', align: 'right', cell: sink => sink.last_latency_ms},
  {title: 'REPLAY', cell: replayWords},
  ...sinkColumns.slice(5),
];

export const sinkList: Verb = {
  name: 'sink list',
  summary: 'who is told what happens, and how far each has come',
  parameters: [],
  flags: [],
  examples: ['sink list', 'sink list --json'],
  async run(context) {
    context.config();
    return context.withApplication(async ({application}) => {
      const items = await application.sinks();
      context.output.result({items}, () =>
        items.length === 0 ? 'no sinks' : context.output.table(items, detailedColumns),
      );
      return 0;
    });
  },
};

const actOn = async (
  context: Context,
  act: (application: Application, name: string) => Promise<unknown>,
  said: (name: string) => string,
): Promise<number> => {
  const [name = ''] = context.values;
  context.config();
  return context.withApplication(async ({application}) => {
    await act(application, name);
    context.output.result({sink: name}, () => said(name));
    return 0;
  });
};

export const sinkPause: Verb = {
  name: 'sink pause',
  summary: 'send nothing to a sink until it is resumed; its events wait',
  parameters: ['<name>'],
  flags: [],
  examples: ['sink pause shop'],
  run: context =>
    actOn(
      context,
      async (application, name) => application.pauseSink(name),
      name => `${name} is paused; events wait until: cryptoassets-console sink resume ${name}`,
    ),
};

export const sinkResume: Verb = {
  name: 'sink resume',
  summary: 'switch a sink on again that answered 410 or was paused',
  parameters: ['<name>'],
  flags: [],
  examples: ['sink resume shop'],
  run: context =>
    actOn(
      context,
      async (application, name) => application.resumeSink(name),
      name => `${name} is on; what waited goes out now, in order`,
    ),
};

export const sinkReplay: Verb = {
  name: 'sink replay',
  summary: 'send events again that a sink had, with the same ids and sequences',
  parameters: ['<name>', '<first>', '<last>'],
  flags: ['coin'],
  examples: ['sink replay shop 120 180', 'sink replay shop 1 1000 --coin btc'],
  notes:
    'First and last are sequences, as `events` shows them. New events go out between the old ones. What the sink has not\ncome to yet it will get without this.',
  async run(context) {
    const [name = '', first = '', last = ''] = context.values;
    const {coin} = context.flags;
    if (coin !== undefined) coinOf(context.config(), coin);
    const from = sequenceOf('first', first);
    const to = sequenceOf('last', last, from);
    context.config();
    return context.withApplication(async ({application}) => {
      const items = await application.replaySink(name, {from, to, ...(coin !== undefined && {coin})});
      context.output.result({items}, () =>
        items.map(item => `${name} gets ${item.coin} events ${item.from} to ${item.to} again`),
      );
      context.output.hint('', '  How far it is:  cryptoassets-console sink list');
      return 0;
    });
  },
};

const STATUSES: readonly Delivery['status'][] = ['retrying', 'dead'];

const deliveryColumns: readonly Column<Delivery>[] = [
  {title: 'ID', align: 'right', cell: delivery => delivery.id},
  {title: 'SINK', cell: delivery => delivery.sink},
  {title: 'SEQ', align: 'right', cell: delivery => delivery.sequence},
  {title: 'TYPE', cell: delivery => delivery.type},
  {title: 'STATUS', cell: delivery => delivery.status},
  {title: 'TRIES', align: 'right', cell: delivery => delivery.attempts},
  {title: 'FIRST (UTC)', cell: delivery => formatTime(delivery.first_attempt_at)},
  {title: 'NEXT (UTC)', cell: delivery => formatTime(delivery.next_attempt_at)},
  {title: 'LAST ERROR', cell: delivery => delivery.last_error},
];

export const deliveries: Verb = {
  name: 'deliveries',
  summary: 'events that a sink did not take: being retried, or given up',
  parameters: ['<coin>'],
  flags: ['sink', 'status', 'limit', 'cursor'],
  examples: ['deliveries btc', 'deliveries btc --sink shop --status dead --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const query = {...pageOf(context.flags), sink: context.flags.sink, status: statusOf(context.flags, STATUSES)};
    return context.withApplication(async ({application}) =>
      reportPage(
        context.output,
        await application.deliveries(coin, query),
        deliveryColumns,
        'every event that was tried has arrived',
      ),
    );
  },
};

export const deliveryRetry: Verb = {
  name: 'delivery retry',
  summary: 'try an event again now that a sink did not take, also one that was given up',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['delivery retry btc 3'],
  notes: 'The id is that of `deliveries`.',
  async run(context) {
    const [coin = '', id = ''] = context.values;
    coinOf(context.config(), coin);
    return context.withApplication(async ({application}) => {
      const delivery = await application.retryDelivery(coin, id);
      context.output.result(delivery, () => `${delivery.sink} is sent event ${delivery.sequence} again`);
      return 0;
    });
  },
};
