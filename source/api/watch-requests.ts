import {randomUUID} from 'node:crypto';
import type {IncomingMessage} from 'node:http';
import rateLimit from '@fastify/rate-limit';
import type {FastifyInstance} from 'fastify';
import {EngineError} from '../primitives/errors.ts';
import type {Meter} from '../primitives/meter.ts';
import {admitRequests} from './asking.ts';
import type {Guard} from './guard.ts';
import {isStream} from './server-sent-events.ts';

const REQUEST_ID = 'x-request-id';
/** What callers may choose: what is safe in a log line and in a header. */
const GOOD_ID = /^[A-Za-z0-9._:-]{1,100}$/;

/** The caller's own id when it sent a good one, so that both logs speak of the same request. */
export const requestIdOf = ({headers}: Pick<IncomingMessage, 'headers'>): string => {
  const given = headers[REQUEST_ID];
  return typeof given === 'string' && GOOD_ID.test(given) ? given : randomUUID();
};

/** What happens to every request before and after its route: who asks, how often, and how long it took. */
export const watchRequests = async (
  app: FastifyInstance,
  {guard, meter, rateLimit: most}: {guard: Guard; meter: Meter; rateLimit: number},
): Promise<void> => {
  app.addHook('onRequest', async (request, reply) => void reply.header(REQUEST_ID, request.id));
  admitRequests(app, guard);
  await app.register(rateLimit, {
    max: most,
    timeWindow: 1000,
    keyGenerator: request => request.actor?.name ?? '',
    // Who may open the socket may stop the engine; a limit there would only slow the console down.
    allowList: request => !guard.isRemote(request.raw),
    errorResponseBuilder: () =>
      new EngineError('too_many_requests', `more than ${most} requests in a second (api.rate_limit); wait a moment`, {
        retry: 'backoff',
      }),
  });
  app.addHook('onResponse', async (request, reply) => {
    // A stream's duration is that of its reader.
    if (isStream(reply)) return;
    const route = request.routeOptions.url ?? 'none';
    meter.requestAnswered(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
  });
};
