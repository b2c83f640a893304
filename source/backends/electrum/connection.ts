import {readFileSync} from 'node:fs';
import {connect as connectPlain, isIP, type Socket} from 'node:net';
import {connect as connectTls, createSecureContext, type TLSSocket} from 'node:tls';
import type {ElectrumConfig} from '../../config/config.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {connectionFault} from './fault-table.ts';
import {CLOSED, CLOSED_BY_US, type Faults} from './faults.ts';
import {Lines} from './lines.ts';
import type {ServerPlace} from './place.ts';

export interface Connection {
  write(text: string): void;
  /** Ends it; `onEnd` is told of the error unless it was told before. */
  end(error: EngineError): void;
}

export interface ConnectionEvents {
  onLine(line: string): void;
  /** Once, whatever ended it. */
  onEnd(error: EngineError): void;
}

/**
 * One TCP or TLS connection. A certificate is verified by the CAs, or it is exactly the one whose fingerprint is pinned;
 * nothing is written before. `signal` ends it, also while it is being made. Throws `backend_down`, `backend_timeout`.
 */
export const openConnection = async (
  {tls, timeout, limits}: Pick<ElectrumConfig, 'tls' | 'timeout' | 'limits'>,
  place: ServerPlace,
  faults: Faults,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<Connection> => {
  const socket = place.isEncrypted ? openTls(place, tls, faults) : connectPlain({host: place.host, port: place.port});
  socket.setNoDelay(true);
  let isOver = false;
  const end = (error: EngineError): void => {
    socket.destroy();
    if (isOver) return;
    isOver = true;
    signal.removeEventListener('abort', stop);
    events.onEnd(error);
  };
  const stop = () => end(faults.connection('lost', CLOSED_BY_US));
  signal.addEventListener('abort', stop, {once: true});
  try {
    await ready(socket, place, tls, faults, timeout);
  } catch (error) {
    signal.removeEventListener('abort', stop);
    throw error;
  }
  const lines = new Lines(limits.message);
  socket.on('data', bytes => {
    const complete = lines.take(bytes);
    if (complete === undefined) return end(faults.tooLong(limits.message));
    for (const line of complete) if (!isOver) events.onLine(line);
  });
  socket.on('error', error => end(faults.connection('lost', codeOf(error), error)));
  socket.on('close', () => end(faults.connection('lost', CLOSED)));
  return {write: text => void socket.write(text), end};
};

const codeOf = (error: unknown): string => (error as {code?: string}).code ?? 'unknown';

const openTls = (place: ServerPlace, tls: ElectrumConfig['tls'], faults: Faults): TLSSocket => {
  const {host, port} = place;
  const secureContext = tls.ca === undefined ? undefined : trusting(tls.ca, faults);
  return connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? {servername: host} : {}),
    ...(secureContext === undefined ? {} : {secureContext}),
    // Judged in `ready`, where the fingerprint of what is refused can be told.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  });
};

const trusting = (path: string, faults: Faults) => {
  try {
    return createSecureContext({ca: readFileSync(path)});
  } catch (error) {
    throw faults.caFile(path, messageOf(error));
  }
};

/** Connected and, where it is encrypted, with the right certificate; else it is destroyed. */
const ready = async (
  socket: Socket,
  place: ServerPlace,
  tls: ElectrumConfig['tls'],
  faults: Faults,
  timeout: number,
): Promise<void> => {
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(faults.timeout('the connection', timeout)), timeout);
  const onError = (error: Error) => reject(faults.connection(connectionFault(codeOf(error)), codeOf(error), error));
  const onClose = () => reject(faults.connection('lost', CLOSED));
  socket
    .once(place.isEncrypted ? 'secureConnect' : 'connect', resolve)
    .on('error', onError)
    .once('close', onClose);
  try {
    await promise;
    if (place.isEncrypted) judge(socket as TLSSocket, tls, faults);
    socket.off('error', onError);
  } catch (error) {
    // `onError` stays: an error that comes while it is torn down has been told of.
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    socket.off('close', onClose);
  }
};

const judge = (socket: TLSSocket, tls: ElectrumConfig['tls'], faults: Faults): void => {
  const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  if (tls.fingerprint !== undefined) {
    if (plain(shown) !== plain(tls.fingerprint)) throw faults.otherFingerprint(shown);
    return;
  }
  if (!socket.authorized) throw faults.certificate(String(socket.authorizationError), shown);
};

const plain = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();
