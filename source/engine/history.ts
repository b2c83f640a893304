import type {Event, EventDelivery, EventDetail, History} from '../contract/index.ts';
import type {SinkState} from '../store/outbox-store.ts';
import type {CoinEngine} from './coin-engine.ts';

/** Events of one payout or deposit that are shown; `*.confirmations` make most of them. */
const EVENTS = 100;

/** What happened to one payout or deposit, and whom it was told. Throws `not_found` when there is no such thing. */
export const history = async (engine: CoinEngine, kind: 'payout' | 'deposit', id: string): Promise<History> => {
  const {store} = engine;
  await (kind === 'payout' ? store.payout(id) : store.deposit(id));
  const events = await store.eventsAbout(kind, id, EVENTS);
  const sinks = await sinkStates(engine);
  return {items: await Promise.all(events.map(async event => detail(engine, event, sinks)))};
};

/** Throws `not_found`. */
export const eventDetail = async (engine: CoinEngine, sequence: number): Promise<EventDetail> =>
  detail(engine, await engine.store.event(sequence), await sinkStates(engine));

const sinkStates = async ({store, sinkConfigs}: CoinEngine): Promise<SinkState[]> =>
  Promise.all([...sinkConfigs.keys()].map(async name => store.sinkState(name)));

const detail = async (
  {store, sinkConfigs}: CoinEngine,
  event: Event,
  sinks: readonly SinkState[],
): Promise<EventDetail> => {
  const tried = new Map((await store.deliveriesOf(event.sequence)).map(delivery => [delivery.sink, delivery]));
  const deliveries = sinks.map((sink): EventDelivery => {
    const delivery = tried.get(sink.name);
    const types = sinkConfigs.get(sink.name)?.types;
    return {
      sink: sink.name,
      state: delivery?.status ?? untried(event, sink, types === undefined || types.includes(event.type)),
      ...(delivery && {delivery_id: delivery.id}),
      attempts: delivery?.attempts ?? 0,
      last_error: delivery?.last_error ?? null,
      next_attempt_at: delivery?.next_attempt_at ?? null,
    };
  });
  return {event, deliveries};
};

const untried = (event: Event, sink: SinkState, isWanted: boolean): EventDelivery['state'] => {
  if (!isWanted) return 'not_wanted';
  if (event.sequence <= sink.sequence) return 'delivered';
  if (sink.offReason !== undefined) return 'off';
  return sink.paused ? 'paused' : 'waiting';
};
