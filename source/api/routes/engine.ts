import {z} from 'zod';
import {attendance, attendBody, health, logLine, logQuery, page, status} from '../../contract/index.ts';
import {streamEvents, type StreamItem} from '../server-sent-events.ts';
import {nothing, refusal, type Api, type RouteContext} from './api.ts';

/** The engine as a whole: health, snapshot, stream, stop. */
export const engineRoutes = (api: Api, {applicationOf, stopping}: RouteContext): void => {
  api.route({
    method: 'GET',
    url: '/health',
    schema: {
      tags: ['engine'],
      summary: 'ok or degraded; 503 when a loop is dead or stalled, or a database at fault',
      response: {200: health, 503: health, ...refusal},
    },
    handler: async (request, reply) => {
      const answer = await applicationOf(request).health();
      return reply.code(answer.status === 'failing' ? 503 : 200).send(answer);
    },
  });

  api.route({
    method: 'GET',
    url: '/v1/status',
    schema: {tags: ['engine'], summary: 'Snapshot of everything a screen shows', response: {200: status, ...refusal}},
    handler: async request => applicationOf(request).status(),
  });

  api.route({
    method: 'GET',
    url: '/v1/stream',
    schema: {
      tags: ['engine'],
      summary: 'The snapshot as server-sent events, at once and then at every change, at most two a second',
      response: {200: {description: 'Statuses', content: {'text/event-stream': {schema: status}}}, ...refusal},
    },
    handler: async (request, reply) => {
      const seen = Number(request.headers['last-event-id'] ?? Number.NaN);
      async function* statuses(signal: AbortSignal): AsyncIterable<StreamItem> {
        for await (const value of applicationOf(request).stream(signal)) {
          const id = Date.parse(value.at);
          // A reader that comes back with the newest one has it.
          if (id !== seen) yield {id, value};
        }
      }
      await streamEvents(reply, statuses, stopping);
      return reply;
    },
  });

  api.route({
    method: 'GET',
    url: '/v1/log',
    schema: {
      tags: ['engine'],
      summary: 'What the engine logged last, newest first, the same again folded into one line',
      querystring: logQuery.strict(),
      response: {200: page(logLine), ...refusal},
    },
    handler: async request => applicationOf(request).log(request.query),
  });

  api.route({
    method: 'POST',
    url: '/v1/engine/stop',
    schema: {tags: ['engine'], summary: 'Stops the engine cleanly', response: {202: nothing, ...refusal}},
    handler: async (request, reply) => {
      await applicationOf(request).stop();
      return reply.code(202).send({});
    },
  });

  const consoleParams = z.object({id: z.string().min(1).max(100)});
  api.route({
    method: 'POST',
    url: '/v1/consoles/:id',
    schema: {
      tags: ['engine'],
      summary: 'A screen says that it is there, every few seconds; the first, or one that asks, has control',
      params: consoleParams,
      body: attendBody,
      response: {200: attendance, ...refusal},
    },
    handler: async request =>
      applicationOf(request).attendConsole(request.params.id, request.body.name, request.body.take_control),
  });

  api.route({
    method: 'DELETE',
    url: '/v1/consoles/:id',
    schema: {
      tags: ['engine'],
      summary: 'A screen is gone, and its control free',
      params: consoleParams,
      response: {200: nothing, ...refusal},
    },
    handler: async request => {
      await applicationOf(request).leaveConsole(request.params.id);
      return {};
    },
  });
};
