import type {BackendEventType, OutboxStore} from '../outbox-store.ts';
import type {LedgerIdentity} from '../store.ts';
import {appendEvent} from './append-event.ts';
import {audited} from './audit-store.ts';
import type {Connection} from './connection.ts';
import {deliveriesOf, listDeliveries, retryDelivery} from './deliveries.ts';
import {eventsAbout, eventsAfter, findEvent, newestEvents} from './events.ts';
import {metaValue, setMetaValue} from './meta-value.ts';
import {SinkQueues} from './sink-queues.ts';
import {SinkReplays} from './sink-replays.ts';
import type {Writer} from './writer.ts';

/** The outbox's part of a ledger in SQLite. */
export const createOutboxStore = ({orm}: Connection, writer: Writer, identity: LedgerIdentity): OutboxStore => {
  const replays = new SinkReplays(orm, writer, identity);
  const queues = new SinkQueues(orm, writer, identity, replays);
  return {
    events: async (after, limit) => eventsAfter(orm, identity, after, limit),
    newestEvents: async limit => newestEvents(orm, identity, limit),
    eventsAbout: async (kind, id, limit) => eventsAbout(orm, identity, {kind, id}, limit),
    event: async sequence => findEvent(orm, identity, sequence),
    deliveriesOf: async sequence => deliveriesOf(orm, identity, sequence),
    appendBackendEvent: async (type, data, now) =>
      writer.run(orm => {
        appendEvent(orm, type, data, now);
        setMetaValue(orm, 'backend_told', data.speaks === undefined ? type : 'backend.up');
        if (data.speaks !== undefined) setMetaValue(orm, 'backend_speaks', data.speaks);
      }),
    lastBackendEvent: async () => metaValue(orm, 'backend_told') as BackendEventType | undefined,
    lastSpeaker: async () => metaValue(orm, 'backend_speaks'),
    ensureSink: async (name, from) => queues.ensure(name, from),
    sinkQueue: async (name, types, limit) => queues.heads(name, types, limit),
    markDelivered: async (name, sequence, now) => queues.markDelivered(name, sequence, now),
    recordFailure: async (name, sequence, words, nextAttemptAt, now) =>
      queues.recordFailure(name, sequence, {words, nextAttemptAt, now}),
    park: async (name, sequence, words, now) => queues.park(name, sequence, words, now),
    switchSinkOff: async (name, reason) => queues.switchOff(name, reason),
    pauseSink: async (name, now, by) =>
      audited(
        writer,
        {by, now},
        orm => queues.pause(orm, name),
        () => ({action: 'sink.pause', subject: name}),
      ),
    resumeSink: async (name, now, by) =>
      audited(
        writer,
        {by, now},
        orm => queues.resume(orm, name),
        () => ({action: 'sink.resume', subject: name}),
      ),
    sinkIsOn: async name => queues.isOn(name),
    sinkState: async name => queues.state(name),
    deliveries: async query => listDeliveries(orm, identity, query),
    retryDelivery: async (id, now, by) =>
      audited(
        writer,
        {by, now},
        orm => retryDelivery(orm, identity, id, now),
        ({sink, event_id}) => ({action: 'delivery.retry', subject: id, details: {sink, event_id}}),
      ),
    replayQueue: async name => queues.replays(name),
    replayed: async (deliveryId, words) => queues.replayed(deliveryId, words),
    startReplay: async (name, range, now, by) =>
      audited(
        writer,
        {by, now},
        orm => replays.start(orm, name, range, now),
        replay => replay && {action: 'sink.replay', subject: name, details: {from: replay.from, to: replay.to}},
      ),
    replayHeads: async (name, types, limit) => replays.heads(name, types, limit),
    replayDelivered: async (replayId, sequence, now) => replays.delivered(replayId, sequence, now),
    replayFailed: async (replayId, words, nextAttemptAt, now) => replays.failed(replayId, words, nextAttemptAt, now),
    replayParked: async (replayId, sequence, words, now) => replays.parked(replayId, sequence, words, now),
  };
};
