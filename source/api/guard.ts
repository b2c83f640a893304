import {createHash, timingSafeEqual} from 'node:crypto';
import type {IncomingMessage} from 'node:http';
import {isIP, type Socket} from 'node:net';
import {EngineError} from '../primitives/errors.ts';

/** What a request over TCP has to show. Requests over the unix socket are let in by the file's mode alone. */
export interface Guard {
  /** Marks a connection as one that came over TCP. */
  readonly mark: (socket: Socket) => void;
  /** Throws `forbidden_host`, `forbidden` or `unauthorized`. */
  readonly check: (request: IncomingMessage) => void;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const hostName = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

const isLoopback = (host: string): boolean => host === '::1' || LOOPBACK.has(host) || host.startsWith('127.');

/**
 * On loopback only loopback's names are taken for a Host, so that a web page whose name was rebound to 127.0.0.1 gets
 * nowhere. Browsers' cross-site requests carry an Origin and are refused. Tokens are compared in constant time.
 */
export const createGuard = (listen: {host: string} | undefined, token: string | undefined): Guard => {
  const overTcp = new WeakSet<Socket>();
  const wanted = token === undefined ? undefined : digest(token);
  const checkHost = (request: IncomingMessage) => {
    const host = hostName(request.headers.host ?? '');
    if (listen !== undefined && isLoopback(listen.host) && !LOOPBACK.has(host) && !isLoopbackIp(host))
      throw new EngineError('forbidden_host', `this server is not ${JSON.stringify(host.slice(0, 100))}`);
    const {origin} = request.headers;
    if (origin !== undefined && !isSameOrigin(origin, request.headers.host))
      throw new EngineError('forbidden', 'requests of other web pages are refused');
  };
  const checkToken = (request: IncomingMessage) => {
    const [scheme, given] = (request.headers.authorization ?? '').split(' ', 2);
    const right = wanted !== undefined && timingSafeEqual(digest(given ?? ''), wanted);
    if (scheme?.toLowerCase() !== 'bearer' || !right)
      throw new EngineError('unauthorized', 'send the header authorization: Bearer <the api.token of the config>');
  };
  return {
    mark: socket => overTcp.add(socket),
    check: request => {
      if (!overTcp.has(request.socket)) return;
      checkHost(request);
      checkToken(request);
    },
  };
};

const isLoopbackIp = (host: string): boolean => isIP(host) === 4 && host.startsWith('127.');

const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  origin === `http://${host ?? ''}` || origin === `https://${host ?? ''}`;
