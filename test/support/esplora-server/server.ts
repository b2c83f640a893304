import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {RegtestNode} from '../regtest-node.ts';
import {ChainIndex} from './chain-index.ts';
import type {Fault} from './faults.ts';
import {MempoolSocket} from './mempool-socket.ts';
import {type Answer, type Asked, honestAnswer, text} from './routes.ts';

export interface EsploraServerOptions {
  /** Confirmed transactions on a page; 25 unless said. */
  readonly page?: number;
  /** Mempool transactions listed of a script; 50 unless said. */
  readonly mempoolPage?: number;
  /** Scripts that one websocket may track; 1,000 unless said. */
  readonly mostTracked?: number;
  /** Leaves the sizes of blocks out, so that they count as large. */
  readonly hidesSizes?: boolean;
  /** As a reverse proxy does: the API is below this path. `/api` unless said. */
  readonly base?: string;
  /** A port of one's own choice, to come back on. */
  readonly port?: number;
}

/**
 * Esplora's REST API and mempool's websocket over a real regtest node, in the shapes of the real ones. It is honest until
 * it is told otherwise by `fault`.
 */
export class EsploraServer {
  readonly index: ChainIndex;
  /** What it does to its answers. */
  fault: Fault | undefined;
  /** Paths asked for, in order. */
  readonly requests: string[] = [];
  readonly #node: RegtestNode;
  readonly #options: EsploraServerOptions;
  readonly #base: string;
  readonly #server: Server;
  readonly #socket: MempoolSocket;

  private constructor(node: RegtestNode, options: EsploraServerOptions) {
    this.#node = node;
    this.#options = options;
    this.#base = options.base ?? '/api';
    this.index = new ChainIndex(node);
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#socket = new MempoolSocket(this.#server, this.index, options.mostTracked ?? 1_000);
  }

  static async start(node: RegtestNode, options: EsploraServerOptions = {}): Promise<EsploraServer> {
    const server = new EsploraServer(node, options);
    await new Promise<void>(resolve => server.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${this.#base}`;
  }

  get websocketUrl(): string {
    return `ws://127.0.0.1:${this.port}/api/v1/ws`;
  }

  /** Ends every websocket, as a restarted proxy does. */
  dropWebsockets(): void {
    this.#socket.drop();
  }

  /** What it would answer if it were honest. */
  async honestly(path: string): Promise<Answer> {
    return this.#honest({method: 'GET', path, body: ''});
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = (request.url ?? '').slice(this.#base.length);
    const asked = {method: request.method ?? 'GET', path, body: Buffer.concat(chunks).toString()};
    this.requests.push(path);
    const honest = async () => this.#honest(asked);
    const answer = await (this.fault === undefined ? honest() : this.fault(asked, honest));
    if (answer === 'silence') return;
    if (answer === 'hang-up') return void response.socket?.destroy();
    if (answer === 'endless') return pour(response);
    response.writeHead(answer.status, {'content-type': answer.type, ...answer.headers}).end(answer.body);
  }

  async #honest(asked: Asked): Promise<Answer> {
    try {
      await this.index.sync();
    } catch (error) {
      return text(`daemon error: ${String(error)}`, 503);
    }
    const {page = 25, mempoolPage = 50, hidesSizes = false} = this.#options;
    return honestAnswer({index: this.index, node: this.#node, page, mempoolPage, hidesSizes}, asked);
  }

  async close(): Promise<void> {
    await this.#socket.close();
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

/** Megabyte after megabyte until somebody hangs up. */
const pour = (response: ServerResponse): void => {
  response.writeHead(200, {'content-type': 'application/json'});
  const megabyte = Buffer.alloc(1_000_000, 0x20);
  const more = () => {
    while (!response.destroyed) {
      if (response.write(megabyte)) continue;
      response.once('drain', more);
      return;
    }
  };
  more();
};
