import {z} from 'zod';
import {refusal, type Api} from './api.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What Prometheus scrapes. Its names are listed in docs/metrics.md. */
export const metricsRoute = (api: Api, metrics: () => Promise<string>): void => {
  api.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      tags: ['engine'],
      summary: "Metrics in Prometheus' text format",
      response: {
        200: {description: 'Metrics', content: {'text/plain': {schema: z.string()}}},
        ...refusal,
      },
    },
    handler: async (_request, reply) =>
      reply
        .type(CONTENT_TYPE)
        .serializer(String)
        .send(await metrics()),
  });
};
