import {z} from 'zod';
import {delivery, deliveryQuery, eventDetail, eventList, eventQuery, page} from '../../contract/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import {streamEvents, type StreamItem} from '../server-sent-events.ts';
import {coinParams, idParams, refusal, type Api, type RouteContext} from './api.ts';

/** A reconnecting reader says the last id it has; it knows better than the URL it once opened. */
const startAfter = (lastEventId: string | string[] | undefined, after: number): number => {
  if (lastEventId === undefined || lastEventId === '') return after;
  if (typeof lastEventId === 'string' && /^[0-9]{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new EngineError('bad_request', 'last-event-id: expected the sequence number of an event', {
    field: 'last-event-id',
  });
};

/** The outbox as a list or a stream, and what could not be delivered. */
export const eventRoutes = (api: Api, {applicationOf, stopping}: RouteContext): void => {
  api.route({
    method: 'GET',
    url: '/v1/:coin/events',
    schema: {
      tags: ['events'],
      summary: 'Events after a sequence number, oldest first; a stream with accept: text/event-stream',
      params: coinParams,
      querystring: eventQuery.strict(),
      response: {200: eventList, ...refusal},
    },
    handler: async (request, reply) => {
      const {coin} = request.params;
      const {after, limit} = request.query;
      if (!(request.headers.accept ?? '').includes('text/event-stream'))
        return applicationOf(request).events(coin, after, limit);
      const start = startAfter(request.headers['last-event-id'], after);
      // Refuses an unknown coin while there is still a status to say it with.
      await applicationOf(request).events(coin, start, 1);
      async function* items(signal: AbortSignal): AsyncIterable<StreamItem> {
        for await (const event of applicationOf(request).followEvents(coin, start, signal))
          yield {id: event.sequence, value: event};
      }
      await streamEvents(reply, items, stopping);
      return reply;
    },
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/events/:sequence',
    schema: {
      tags: ['events'],
      summary: 'One event, and how far it is on its way to each sink',
      params: coinParams.extend({sequence: z.coerce.number().int().min(1)}),
      response: {200: eventDetail, ...refusal},
    },
    handler: async request => applicationOf(request).event(request.params.coin, request.params.sequence),
  });

  api.route({
    method: 'GET',
    url: '/v1/:coin/deliveries',
    schema: {
      tags: ['events'],
      summary: 'Events that a sink did not take: being retried, or dead',
      params: coinParams,
      querystring: deliveryQuery.strict(),
      response: {200: page(delivery), ...refusal},
    },
    handler: async request => applicationOf(request).deliveries(request.params.coin, request.query),
  });

  api.route({
    method: 'POST',
    url: '/v1/:coin/deliveries/:id/retry',
    schema: {
      tags: ['events'],
      summary: 'Tries it again now, with the same id and sequence',
      params: idParams,
      response: {200: delivery, ...refusal},
    },
    handler: async request => applicationOf(request).retryDelivery(request.params.coin, request.params.id),
  });
};
