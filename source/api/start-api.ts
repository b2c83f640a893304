import type {ApiConfig} from '../config/config.ts';
import type {Application} from '../engine/application.ts';
import {createGuard} from './guard.ts';
import {listenOnSocket, listenOnTcp, type Listener} from './listen.ts';
import {createServer, type ServerOptions} from './server.ts';

export interface RunningApi {
  /** Ends the streams, lets requests being answered finish for `grace` ms, then cuts what is left. */
  close(grace: number): Promise<void>;
}

/** Serves an Application on the socket, and on TCP when the config says so. Throws `already_running`, `api_unavailable`. */
export const startApi = async (
  application: Application,
  config: ApiConfig,
  {log, version, meter, metrics}: Pick<ServerOptions, 'log' | 'version' | 'meter' | 'metrics'>,
): Promise<RunningApi> => {
  const stopping = new AbortController();
  const guard = createGuard(config);
  const app = await createServer(application, {
    guard,
    log,
    version,
    meter,
    metrics,
    rateLimit: config.rateLimit,
    stopping: stopping.signal,
  });
  const handler = (request: Parameters<typeof app.routing>[0], response: Parameters<typeof app.routing>[1]) =>
    app.routing(request, response);
  const listeners: Listener[] = [await listenOnSocket(handler, config.socket)];
  if (config.listen !== undefined) listeners.push(await listenOnTcp(handler, config.listen, guard));
  return {
    close: async grace => {
      stopping.abort();
      await Promise.all(listeners.map(async listener => closeListener(listener, grace)));
      await app.close();
    },
  };
};

const closeListener = async ({server, close}: Listener, grace: number): Promise<void> => {
  const closed = new Promise<void>(resolve => server.once('close', () => resolve()));
  close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), grace);
  await closed;
  clearTimeout(timer);
};
