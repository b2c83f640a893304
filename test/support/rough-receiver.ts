import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';

/** An HTTP endpoint whose every answer is written by the test, for what no well-behaved one would do. */
export class RoughReceiver {
  readonly requests: {readonly headers: IncomingMessage['headers']; readonly body: string; readonly url: string}[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  /** Connections that came and went. The client may open another at once and leave it idle. */
  closed = 0;
  readonly #server: Server;

  private constructor(answer: (response: ServerResponse, request: IncomingMessage) => void) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.requests.push({
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          url: request.url ?? '',
        });
        answer(response, request);
      });
    });
    this.#server.on('connection', socket => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('close', () => {
        this.closed++;
        this.sockets.delete(socket);
      });
    });
  }

  static async start(
    answer: (response: ServerResponse, request: IncomingMessage) => void,
    host = '127.0.0.1',
  ): Promise<RoughReceiver> {
    const receiver = new RoughReceiver(answer);
    await new Promise<void>(resolve => receiver.#server.listen(0, host, resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hooks?shop=1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }
}
