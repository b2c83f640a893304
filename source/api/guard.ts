import {createHash, timingSafeEqual} from 'node:crypto';
import type {IncomingMessage} from 'node:http';
import {isIP, type Socket} from 'node:net';
import type {ApiConfig} from '../config/config.ts';
import {LOCAL, scope, type Actor} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';

/** Lets requests in and says who asks. Those over the unix socket are let in by the file's mode alone. */
export interface Guard {
  /** Marks a connection as one that came over TCP. */
  readonly mark: (socket: Socket) => void;
  /** Whether a request came over TCP. */
  readonly isRemote: (request: IncomingMessage) => boolean;
  /** Throws `forbidden_host`, `forbidden` or `unauthorized`. */
  readonly check: (request: IncomingMessage) => Actor;
}

type Tokens = Pick<ApiConfig, 'listen' | 'token' | 'tokens'>;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const hostName = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

const isLoopback = (host: string): boolean => host === '::1' || LOOPBACK.has(host) || host.startsWith('127.');

/**
 * On loopback only loopback's names are taken for a Host, so that a web page whose name was rebound to 127.0.0.1 gets
 * nowhere. Browsers' cross-site requests carry an Origin and are refused.
 */
export const createGuard = ({listen, token, tokens}: Tokens): Guard => {
  const overTcp = new WeakSet<Socket>();
  const checkHost = (request: IncomingMessage) => {
    const host = hostName(request.headers.host ?? '');
    if (listen !== undefined && isLoopback(listen.host) && !LOOPBACK.has(host) && !isLoopbackIp(host))
      throw new EngineError('forbidden_host', `this server is not ${JSON.stringify(host.slice(0, 100))}`);
    const {origin} = request.headers;
    if (origin !== undefined && !isSameOrigin(origin, request.headers.host))
      throw new EngineError('forbidden', 'requests of other web pages are refused');
  };
  const holder = createTokenBook(token, tokens);
  return {
    mark: socket => overTcp.add(socket),
    isRemote: request => overTcp.has(request.socket),
    check: request => {
      if (!overTcp.has(request.socket)) return LOCAL;
      checkHost(request);
      const [scheme, given] = (request.headers.authorization ?? '').split(' ', 2);
      const actor = holder(given ?? '');
      if (scheme?.toLowerCase() !== 'bearer' || actor === undefined)
        throw new EngineError('unauthorized', 'send the header authorization: Bearer <a token of the config>');
      return actor;
    },
  };
};

/**
 * Whose a token is. Every token of the config is compared whatever is found, each in constant time: how long it takes
 * tells nothing of them.
 */
const createTokenBook = (
  token: string | undefined,
  tokens: Tokens['tokens'],
): ((given: string) => Actor | undefined) => {
  const known: {wanted: Buffer; actor: Actor}[] = tokens.map(({name, token, scopes}) => ({
    wanted: digest(token),
    actor: {name, scopes},
  }));
  if (token !== undefined) known.push({wanted: digest(token), actor: {name: 'api', scopes: scope.options}});
  return given => {
    const shown = digest(given);
    let holder: Actor | undefined;
    for (const {wanted, actor} of known) if (timingSafeEqual(shown, wanted)) holder = actor;
    return holder;
  };
};

const isLoopbackIp = (host: string): boolean => isIP(host) === 4 && host.startsWith('127.');

const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  origin === `http://${host ?? ''}` || origin === `https://${host ?? ''}`;
