import type {Actor, Scope} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';

/**
 * The scope of every route, in one place. Looking needs `read`; what is not listed here needs `operate`, so that a new
 * route is closed until somebody opens it.
 */
const SCOPES: Readonly<Record<string, Scope>> = {
  'POST /v1/:coin/accounts': 'receive',
  'POST /v1/:coin/accounts/:name/addresses': 'receive',
  'POST /v1/:coin/payouts': 'pay',
  // Gives its own money back to who may pay, and only while nothing was signed.
  'POST /v1/:coin/payouts/:id/cancel': 'pay',
  // Signatures speak for themselves: they can only send what was planned.
  'PUT /v1/:coin/psbts/:id': 'pay',
  'POST /v1/:coin/transfers': 'pay',
};

/** `url` is the route's pattern, such as `/v1/:coin/payouts/:id`. */
export const scopeOf = (method: string, url: string): Scope =>
  method === 'GET' || method === 'HEAD' ? 'read' : (SCOPES[`${method} ${url}`] ?? 'operate');

/** Throws `forbidden` naming the scope that is missing. */
export const requireScope = ({name, scopes}: Actor, scope: Scope): void => {
  if (!scopes.includes(scope))
    throw new EngineError('forbidden', `the token ${name} has not the scope ${scope}; it has ${scopes.join(', ')}`);
};
