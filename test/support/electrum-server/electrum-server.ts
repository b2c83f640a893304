import {createServer, type Server, type Socket} from 'node:net';
import {createServer as createTlsServer} from 'node:tls';
import {Subscriber} from 'zeromq';
import {RpcRefusal, type RegtestNode} from '../regtest-node.ts';
import {ChainIndex, type HistoryRow} from './chain-index.ts';
import type {Lies} from './lies.ts';
import {answer, ProtocolError} from './methods.ts';

export interface ElectrumServerOptions {
  readonly node: RegtestNode;
  /** PEM of key and certificate: it speaks TLS. */
  readonly tls?: {readonly key: string; readonly cert: string};
  /** The same port again after a restart. */
  readonly port?: number;
  /** ms between looks at the node when ZMQ says nothing. */
  readonly every?: number;
  /** Refuses batches, as the protocol allows. */
  readonly withoutBatches?: boolean;
}

/** One client's connection. */
export interface Session {
  readonly scripts: Map<string, string | null>;
  followsHeaders: boolean;
  tip: string;
  send(message: unknown): void;
}

/**
 * An Electrum server (protocol 1.4, TCP or TLS) over a real regtest node, with an index of its own. Real clients can use
 * it. It can be told to lie, one way at a time.
 */
export class ElectrumServer {
  readonly index: ChainIndex;
  readonly node: RegtestNode;
  /** What it does wrong; nothing unless a test says so. */
  lies: Lies = {};
  /** ms that it takes over each message. */
  slowness = 0;
  /** Requests by their method, for tests that count them. */
  readonly asked = new Map<string, number>();
  readonly #options: ElectrumServerOptions;
  readonly #sessions = new Map<Socket, Session>();
  readonly #server: Server;
  readonly #stop = new AbortController();
  #zmq: Subscriber | undefined;
  #syncing: Promise<void> | undefined;
  #isSyncDue = false;
  #isAway = false;

  private constructor(options: ElectrumServerOptions) {
    this.#options = options;
    this.node = options.node;
    this.index = new ChainIndex(options.node);
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
    this.#server.on('tlsClientError', () => undefined);
  }

  static async start(options: ElectrumServerOptions): Promise<ElectrumServer> {
    const server = new ElectrumServer(options);
    await server.index.sync();
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    server.#follow();
    return server;
  }

  get port(): number {
    return (this.#server.address() as {port: number}).port;
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'tcp' : 'ssl'}://127.0.0.1:${this.port}`;
  }

  get clients(): number {
    return this.#sessions.size;
  }

  /** Looks at the node by ZMQ, which only hastens, and every so often. */
  #follow(): void {
    const timer = setInterval(() => void this.sync(), this.#options.every ?? 100);
    this.#stop.signal.addEventListener('abort', () => clearInterval(timer));
    void this.#listen();
  }

  async #listen(): Promise<void> {
    const socket = new Subscriber({receiveHighWaterMark: 0, linger: 0});
    this.#zmq = socket;
    socket.connect(this.node.zmqUrl);
    socket.subscribe('rawtx', 'hashblock');
    try {
      for await (const _ of socket) void this.sync();
    } catch {
      // Closed with the server.
    }
  }

  /** Reads the node and tells clients; looks that are asked for meanwhile become one more. */
  async sync(): Promise<void> {
    this.#isSyncDue = true;
    this.#syncing ??= this.#syncAll().finally(() => (this.#syncing = undefined));
    return this.#syncing;
  }

  async #syncAll(): Promise<void> {
    while (this.#isSyncDue && !this.#stop.signal.aborted) {
      this.#isSyncDue = false;
      let touched: Set<string>;
      try {
        touched = await this.index.sync();
        this.#isAway = false;
      } catch {
        // Its node is away: as electrs does, it is away too until that is back.
        this.#isAway = true;
        this.hangUp();
        return;
      }
      this.#tell(touched);
    }
  }

  #tell(touched: ReadonlySet<string>): void {
    const {hash, height, header} = this.index.tip;
    for (const session of this.#sessions.values()) {
      if (session.followsHeaders && session.tip !== hash) {
        session.tip = hash;
        session.send({method: 'blockchain.headers.subscribe', params: [{height, hex: header}]});
      }
    }
    if (this.lies.withholdsNotifications === true) return;
    this.tellScripts(touched);
  }

  /** Statuses that are not those which clients were told last. */
  tellScripts(touched?: ReadonlySet<string>): void {
    for (const session of this.#sessions.values())
      for (const script of touched ?? session.scripts.keys()) {
        if (!session.scripts.has(script)) continue;
        const status = ChainIndex.status(this.history(script));
        if (session.scripts.get(script) === status) continue;
        session.scripts.set(script, status);
        session.send({method: 'blockchain.scripthash.subscribe', params: [script, status]});
      }
  }

  /** As it is told: without what is withheld, with what is invented. */
  history(script: string): HistoryRow[] {
    const {withheld, invented} = this.lies;
    const rows: HistoryRow[] = [...this.index.confirmed(script), ...this.index.unconfirmed(script)];
    const told = rows.filter(({tx_hash: txid}) => withheld?.has(txid) !== true);
    return [
      ...told,
      ...(invented ?? []).filter(one => one.script === script).map(({txid, height}) => ({tx_hash: txid, height})),
    ];
  }

  #serve(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.#isAway) return void socket.destroy();
    socket.setNoDelay(true);
    const session: Session = {
      scripts: new Map(),
      followsHeaders: false,
      tip: '',
      send: message =>
        void (socket.writable && socket.write(`${JSON.stringify({jsonrpc: '2.0', ...(message as object)})}\n`)),
    };
    this.#sessions.set(socket, session);
    socket.on('close', () => this.#sessions.delete(socket));
    let rest = '';
    // One line after the other: answers come in the order of the questions.
    let working: Promise<void> = Promise.resolve();
    socket.setEncoding('utf8').on('data', (text: unknown) => {
      const lines = (rest + String(text)).split('\n');
      rest = lines.pop()!;
      for (const line of lines)
        working = working.then(async () => this.#take(line, session, socket)).catch(() => void socket.destroy());
    });
  }

  async #take(line: string, session: Session, socket: Socket): Promise<void> {
    const request = JSON.parse(line) as Request | Request[];
    const requests = Array.isArray(request) ? request : [request];
    for (const {method} of requests) this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
    const {lies} = this;
    const isMeant = (names: ReadonlySet<string> | undefined) =>
      requests.some(({method}) => names?.has(method) === true);
    if (isMeant(lies.silent)) return;
    if (isMeant(lies.hangsUp)) return void socket.destroy();
    if (isMeant(lies.garbage)) return void socket.write('HTTP/1.1 400 Bad Request\n');
    if (isMeant(lies.endless)) return flood(socket);
    if (Array.isArray(request) && this.#options.withoutBatches === true) {
      session.send({id: null, error: {code: -32_600, message: 'batch requests are not supported'}});
      return;
    }
    if (this.slowness > 0) await new Promise(resolve => setTimeout(resolve, this.slowness));
    const replies: unknown[] = [];
    for (const one of requests) replies.push(await this.#reply(one, session));
    if (!socket.writable) return;
    socket.write(`${JSON.stringify(Array.isArray(request) ? replies : replies[0])}\n`);
  }

  async #reply({id, method, params}: Request, session: Session): Promise<unknown> {
    try {
      return {jsonrpc: '2.0', id, result: (await answer(this, session, method, params ?? [])) ?? null};
    } catch (error) {
      const code = error instanceof ProtocolError ? error.code : error instanceof RpcRefusal ? 2 : -32_603;
      // RpcRefusal's own message begins with the method and the code of the node's answer.
      const message =
        error instanceof RpcRefusal ? error.message.replace(/^\w+: -?\d+ /, '') : (error as Error).message;
      return {jsonrpc: '2.0', id, error: {code, message}};
    }
  }

  /** Ends every connection; new ones are taken. */
  hangUp(): void {
    for (const socket of this.#sessions.keys()) socket.destroy();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#zmq?.close();
    this.hangUp();
    await new Promise(resolve => this.#server.close(resolve));
    await this.#syncing;
  }
}

/** Until the other side has had enough; nothing else is answered meanwhile. */
const flood = async (socket: Socket): Promise<void> =>
  new Promise(resolve => {
    const chunk = 'x'.repeat(1_000_000);
    const more = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', more).on('close', () => resolve());
    more();
  });

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: readonly unknown[];
}
