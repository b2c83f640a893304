import type {FastifyInstance, FastifyRequest} from 'fastify';
import type {Actor} from '../contract/index.ts';
import type {Application} from '../engine/application.ts';
import type {Guard} from './guard.ts';
import {introductionOf} from './introduction.ts';
import {requireScope, scopeOf} from './scopes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null until the guard has let the request in. */
    actor: Actor | null;
  }
}

/** Every request gets its actor, who must have the route's scope, before anything else of it is looked at. */
export const admitRequests = (app: FastifyInstance, guard: Guard): void => {
  app.decorateRequest('actor', null);
  app.addHook('onRequest', async request => {
    const actor = guard.check(request.raw);
    request.actor = actor;
    const {url} = request.routeOptions;
    if (url !== undefined) requireScope(actor, scopeOf(request.method, url));
  });
};

/** The Application as the one who sent a request sees it: what is written is theirs. */
export const applicationFor = (application: Application): ((request: FastifyRequest) => Application) => {
  const known = new WeakMap<Actor, Application>();
  return request => {
    const {actor} = request;
    if (actor === null) throw new Error('a request that nobody let in');
    const introduction = introductionOf(request.headers);
    if (introduction.client !== undefined || introduction.command !== undefined)
      return application.as({...actor, ...introduction});
    const bound = known.get(actor) ?? application.as(actor);
    known.set(actor, bound);
    return bound;
  };
};
