import type {Server} from 'node:http';
import {createHash} from 'node:crypto';
import {type WebSocket, WebSocketServer} from 'ws';
import {blockAnswer, transactionAnswer} from './answers.ts';
import type {ChainIndex, IndexChange, IndexedTransaction} from './chain-index.ts';

interface Client {
  readonly socket: WebSocket;
  wantsBlocks: boolean;
  /** scriptPubKeys as hex. */
  scripts: readonly string[];
}

const LOOK_EVERY = 50;
const BLOCKS_AT_FIRST = 8;
const scriptHash = (hex: string): string => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

/** mempool's websocket as far as blocks and tracked scripts go, message by message as its websocket-handler writes them. */
export class MempoolSocket {
  readonly #server: WebSocketServer;
  readonly #index: ChainIndex;
  readonly #mostTracked: number;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(server: Server, index: ChainIndex, mostTracked: number) {
    this.#index = index;
    this.#mostTracked = mostTracked;
    this.#server = new WebSocketServer({server, path: '/api/v1/ws'});
    index.onChange = change => this.#tell(change);
    this.#server.on('connection', socket => this.#welcome(socket));
  }

  drop(): void {
    for (const {socket} of this.#clients) socket.terminate();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.drop();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #welcome(socket: WebSocket): void {
    const client: Client = {socket, wantsBlocks: false, scripts: []};
    this.#clients.add(client);
    // The node may be away: the next look finds what this one did not.
    this.#timer ??= setInterval(() => void this.#index.sync().catch(() => undefined), LOOK_EVERY);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('message', data => {
      const answer = this.#answer(client, JSON.parse((data as Buffer).toString()) as Record<string, unknown>);
      if (Object.keys(answer).length > 0) socket.send(JSON.stringify(answer));
    });
  }

  #answer(client: Client, asked: Record<string, unknown>): Record<string, unknown> {
    const answer: Record<string, unknown> = {};
    if (asked['action'] === 'want' && Array.isArray(asked['data'])) {
      const wants = (asked['data'] as unknown[]).includes('blocks');
      if (wants && !client.wantsBlocks)
        answer['blocks'] = this.#index.chain.slice(-BLOCKS_AT_FIRST).map(block => blockAnswer(block));
      client.wantsBlocks = wants;
    }
    const scripts = asked['track-scriptpubkeys'];
    if (Array.isArray(scripts)) {
      if (scripts.length > this.#mostTracked) {
        answer['track-scriptpubkeys-error'] =
          `too many scriptpubkeys requested, this connection supports tracking a maximum of ${this.#mostTracked} scriptpubkeys`;
        client.scripts = [];
      } else client.scripts = scripts as string[];
    }
    if (asked['action'] === 'ping') answer['pong'] = true;
    return answer;
  }

  #tell(change: IndexChange): void {
    for (const client of this.#clients) {
      for (const block of change.connected) if (client.wantsBlocks) send(client, {block: blockAnswer(block)});
      this.#tellScripts(client, change);
    }
  }

  #tellScripts(client: Client, {connected, added, removed}: IndexChange): void {
    const mined = connected.flatMap(({txids}) => txids.map(txid => this.#index.transactions.get(txid)!));
    const answer = (some: readonly IndexedTransaction[], hash: string) =>
      some.filter(({scripts}) => scripts.has(hash)).map(found => transactionAnswer(this.#index, found));
    const map: Record<string, unknown> = {};
    for (const script of client.scripts) {
      const hash = scriptHash(script);
      const fresh = {mempool: answer(added, hash), confirmed: [], removed: answer(removed, hash)};
      const confirmed = answer(mined, hash);
      // What only left is not told of, as by the real one.
      if (fresh.mempool.length > 0) map[script] = fresh;
      if (confirmed.length > 0) map[script] = {mempool: [], confirmed, removed: []};
    }
    if (Object.keys(map).length > 0) send(client, {'multi-scriptpubkey-transactions': map});
  }
}

const send = ({socket}: Client, message: object): void => socket.send(JSON.stringify(message));
