import {chmodSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats} from 'node:fs';
import {createServer, type RequestListener, type Server} from 'node:http';
import {connect} from 'node:net';
import {dirname, join} from 'node:path';
import {EngineError, messageOf} from '../primitives/errors.ts';
import type {Guard} from './guard.ts';
import {toProblem} from './problems.ts';

/** sockaddr_un.sun_path less its terminating zero. */
const LONGEST_PATH = 107;
/** ms an engine may take to answer on its socket before it counts as not there. */
const PROBE_TIMEOUT = 1000;

const LIMITS = {keepAliveTimeout: 60_000, headersTimeout: 20_000, requestTimeout: 30_000, maxHeaderSize: 16_384};

export interface Listener {
  readonly server: Server;
  /** Stops taking connections; those in use end with what they are answering. */
  readonly close: () => void;
}

/** What the parser refuses before there is a request, by Node's codes. Everything else there is no HTTP. */
const UNREADABLE: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'the headers of a request may have 16 KB at most'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request did not arrive in time'],
};

const createHttpServer = (handler: RequestListener): Server => {
  const server = createServer(LIMITS, handler);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // What is written into an answer that has begun would pass for a part of it.
    const answering = (socket as {_httpMessage?: {headersSent: boolean} | null})._httpMessage?.headersSent === true;
    if (!socket.writable || answering || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [code, detail] = UNREADABLE[error.code ?? ''] ?? ['bad_request', 'this is no HTTP request'];
    const problem = toProblem(new EngineError(code, detail));
    const body = JSON.stringify(problem);
    socket.end(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: application/problem+json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
  return server;
};

const started = async (server: Server, listen: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });

const statOf = (path: string): Stats | undefined => lstatSync(path, {throwIfNoEntry: false});

/** Whether a server behind the socket file answers HTTP. One that was stopped still accepts connections, and does not. */
const answers = async (path: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(path);
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), PROBE_TIMEOUT);
    socket.once('connect', () => socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'));
    socket.once('data', () => finish(true));
    // Refused or reset: nobody is there.
    socket.once('error', () => finish(false));
  });

const refuseIfTaken = async (path: string): Promise<void> => {
  const stat = statOf(path);
  if (stat === undefined) return;
  if (!stat.isSocket())
    throw new EngineError('api_unavailable', `${path} (api.socket) is a file and no socket; move it away`);
  if (await answers(path))
    throw new EngineError(
      'already_running',
      `another engine answers at ${path} (api.socket); stop it or change the key`,
    );
};

/**
 * Listens on a unix socket that only this user can open. A socket file that nobody answers on is replaced. The new one
 * is bound under another name and renamed into place: there is no moment without a socket, none with wrong rights, and
 * an older engine that ends later removes its own name and not ours.
 */
export const listenOnSocket = async (handler: RequestListener, path: string): Promise<Listener> => {
  try {
    mkdirSync(dirname(path), {recursive: true, mode: 0o700});
    await refuseIfTaken(path);
    const server = createHttpServer(handler);
    const bound = join(dirname(path), `.${process.pid.toString(36)}`);
    const bindHere = bound.length > LONGEST_PATH ? path : bound;
    rmSync(bindHere, {force: true});
    const mask = process.umask(0o177);
    const listening = started(server, () => server.listen(bindHere));
    // Binding is synchronous inside listen(): the file has its rights from the first moment on.
    process.umask(mask);
    await listening;
    chmodSync(bindHere, 0o600);
    if (bindHere !== path) renameSync(bindHere, path);
    const own = statOf(path)?.ino;
    return {
      server,
      close: () => {
        if (own !== undefined && statOf(path)?.ino === own) rmSync(path, {force: true});
        server.close();
      },
    };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('api_unavailable', `cannot listen on ${path} (api.socket): ${messageOf(error)}`, {
      cause: error,
    });
  }
};

/** Listens on TCP; every request there must pass the guard. */
export const listenOnTcp = async (
  handler: RequestListener,
  listen: {host: string; port: number},
  guard: Guard,
): Promise<Listener> => {
  const server = createHttpServer(handler);
  server.on('connection', socket => guard.mark(socket));
  try {
    await started(server, () => server.listen(listen.port, listen.host));
  } catch (error) {
    const where = `${listen.host}:${listen.port} (api.listen)`;
    throw new EngineError('api_unavailable', `cannot listen on ${where}: ${messageOf(error)}`, {cause: error});
  }
  return {server, close: () => server.close()};
};
