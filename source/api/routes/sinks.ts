import {z} from 'zod';
import {createReplayBody, replay, sinkStatus} from '../../contract/index.ts';
import {nothing, refusal, type Api, type RouteContext} from './api.ts';

const params = z.object({name: z.string().min(1).max(200)});

/** The sinks, each with one queue for every coin. */
export const sinkRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'GET',
    url: '/v1/sinks',
    schema: {
      tags: ['events'],
      summary: 'How the queues of the sinks stand, one for each sink and coin',
      response: {200: z.object({items: z.array(sinkStatus)}), ...refusal},
    },
    handler: async request => ({items: await applicationOf(request).sinks()}),
  });

  api.route({
    method: 'POST',
    url: '/v1/sinks/:name/pause',
    schema: {
      tags: ['events'],
      summary: 'Sends nothing to a sink until it is resumed; its events accumulate',
      params,
      response: {200: nothing, ...refusal},
    },
    handler: async request => {
      await applicationOf(request).pauseSink(request.params.name);
      return {};
    },
  });

  api.route({
    method: 'POST',
    url: '/v1/sinks/:name/resume',
    schema: {
      tags: ['events'],
      summary: 'Switches a sink on again that answered 410 or was paused',
      params,
      response: {200: nothing, ...refusal},
    },
    handler: async request => {
      await applicationOf(request).resumeSink(request.params.name);
      return {};
    },
  });

  api.route({
    method: 'POST',
    url: '/v1/sinks/:name/replay',
    schema: {
      tags: ['events'],
      summary: 'Sends a range of events again that the sink had, with the same ids and sequences, beside its queue',
      params,
      body: createReplayBody,
      response: {202: z.object({items: z.array(replay)}), ...refusal},
    },
    handler: async (request, reply) => {
      const items = await applicationOf(request).replaySink(request.params.name, request.body);
      return reply.code(202).send({items});
    },
  });
};
