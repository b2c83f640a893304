import fastify, {type FastifyInstance, type FastifyReply} from 'fastify';
import type {ZodTypeProvider} from 'fastify-type-provider-zod';
import type {Application} from '../engine/application.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Log} from '../primitives/log.ts';
import type {Meter} from '../primitives/meter.ts';
import {applicationFor} from './asking.ts';
import type {Guard} from './guard.ts';
import {describeApi} from './openapi.ts';
import {toProblem} from './problems.ts';
import {accountRoutes} from './routes/accounts.ts';
import {auditRoutes} from './routes/audit.ts';
import {chainRoutes} from './routes/chain.ts';
import {controlRoutes} from './routes/control.ts';
import {engineRoutes} from './routes/engine.ts';
import {eventRoutes} from './routes/events.ts';
import {metricsRoute} from './routes/metrics.ts';
import {payoutRoutes} from './routes/payouts.ts';
import {psbtRoutes} from './routes/psbts.ts';
import {sinkRoutes} from './routes/sinks.ts';
import {requestIdOf, watchRequests} from './watch-requests.ts';
import {validatorCompiler} from './validation.ts';

const BODY_LIMIT = 64 * 1024;

export interface ServerOptions {
  readonly guard: Guard;
  readonly log: Log;
  readonly version: string;
  readonly meter: Meter;
  /** Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  /** Requests a second of each token over TCP. */
  readonly rateLimit: number;
  /** Ends the streams. */
  readonly stopping: AbortSignal;
}

/** The HTTP API over an Application, not listening yet: `routing` takes requests, `inject` tests. */
export const createServer = async (application: Application, options: ServerOptions): Promise<FastifyInstance> => {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: true,
    genReqId: requestIdOf,
    routerOptions: {maxParamLength: 200},
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error, options.log),
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
  app.removeContentTypeParser('text/plain');
  readEmptyBodies(app);
  app.setValidatorCompiler(validatorCompiler);
  // Answers come typed from the Application: checking every one by its schema again would cost more than making it.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, error, options.log));
  await watchRequests(app, options);
  refuseUnknownRoutes(app);
  await describeApi(app, options.version);
  const context = {applicationOf: applicationFor(application), stopping: options.stopping};
  const api = app.withTypeProvider<ZodTypeProvider>();
  for (const routes of [
    engineRoutes,
    accountRoutes,
    payoutRoutes,
    psbtRoutes,
    controlRoutes,
    chainRoutes,
    eventRoutes,
    sinkRoutes,
    auditRoutes,
  ])
    routes(api, context);
  metricsRoute(api, options.metrics);
  app.get('/openapi.json', {schema: {hide: true}}, async () => app.swagger());
  await app.ready();
  return app;
};

/** A request without a body may still carry the JSON content type, as many clients do. */
const readEmptyBodies = (app: FastifyInstance): void => {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', {parseAs: 'string'}, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parseJson(request, body as string, done);
  });
};

/** Tells a path that nothing answers from one that answers other methods. */
const refuseUnknownRoutes = (app: FastifyInstance): void => {
  const known: {method: string; path: RegExp}[] = [];
  app.addHook('onRoute', ({method, url}) => {
    const path = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[^/]+')}$`);
    for (const one of [method].flat()) known.push({method: one, path});
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = known.filter(route => route.path.test(path)).map(route => route.method);
    if (methods.length === 0) throw new EngineError('not_found', 'nothing answers here; see /openapi.json');
    void reply.header('allow', methods.join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new EngineError(
      'method_not_allowed',
      `${request.method} does nothing here; it answers ${methods.join(', ')}`,
    );
  });
};

const sendProblem = (reply: FastifyReply, error: unknown, log: Log): void => {
  const problem = toProblem(error);
  if (problem.code === 'internal')
    log.error({err: error}, `answering ${reply.request.method} ${reply.request.url} (request ${reply.request.id})`);
  // What is left of such a body is not worth reading.
  if (problem.status === 413) void reply.header('connection', 'close');
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
};
