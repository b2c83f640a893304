import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {once} from 'node:events';
import type {Hint} from '../../chain/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {Channel, ChannelState} from './channel.ts';
import {hintsOf, readNotice} from './walletnotify.ts';

/** Longer than any notice. */
const LONGEST_BODY = 4096;

/** How those who call say what there is to look at. */
export interface NoticeReader {
  /** The name of the channel before its address. */
  readonly name: string;
  /** Requests for any other path are refused; undefined: all are taken. */
  readonly path: string | undefined;
  /** Undefined for what is no notice. */
  read(text: string): Hint[] | undefined;
  /** What was expected, for a caller that sent something else. */
  readonly expected: string;
}

const WALLETNOTIFY: NoticeReader = {
  name: 'http',
  path: undefined,
  read: text => {
    const notice = readNotice(text);
    return notice && hintsOf(notice);
  },
  expected: 'txid=<64 hex digits> or block=<64 hex digits>',
};

/**
 * Listens for `walletnotify=curl --data txid=%s http://127.0.0.1:28882` and the like for blocks. A request says nothing
 * that is believed: whoever can reach the port can make the engine look, and no more.
 */
export class HttpChannel implements Channel {
  readonly #listen: {readonly host: string; readonly port: number};
  readonly #clock: Clock;
  readonly #reader: NoticeReader;
  #isListening = false;
  #lastAt: number | undefined;

  constructor(listen: {readonly host: string; readonly port: number}, clock: Clock, reader = WALLETNOTIFY) {
    this.#listen = listen;
    this.#clock = clock;
    this.#reader = reader;
  }

  state(): ChannelState {
    return {
      channel: `${this.#reader.name} ${this.#name}`,
      state: this.#isListening ? (this.#lastAt === undefined ? 'quiet' : 'ok') : 'lost',
      lastAt: this.#lastAt,
      // A hook that fails tells nobody.
      reliable: false,
    };
  }

  async run(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    const server = createServer({requestTimeout: 5_000, headersTimeout: 5_000}, (request, response) => {
      this.#answer(request, response, onHint).catch(() => response.destroy());
    });
    try {
      await this.#open(server);
      await new Promise<void>(resolve => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), {once: true});
      });
    } finally {
      this.#isListening = false;
      server.close();
      server.closeAllConnections();
    }
  }

  get #name(): string {
    return `${this.#listen.host}:${this.#listen.port}`;
  }

  async #open(server: Server): Promise<void> {
    try {
      server.listen(this.#listen.port, this.#listen.host);
      await once(server, 'listening');
      this.#isListening = true;
    } catch (error) {
      throw new EngineError('notify_unavailable', `cannot listen on ${this.#name} (notify): ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, onHint: (hint: Hint) => void): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    const {path, expected} = this.#reader;
    if (path !== undefined && url.pathname !== path) {
      response.writeHead(404).end();
      return;
    }
    const hints = this.#reader.read(request.method === 'POST' ? await bodyOf(request) : url.search.slice(1));
    if (!hints) {
      response.writeHead(400, {'content-type': 'text/plain'}).end(`expected ${expected}\n`);
      return;
    }
    this.#lastAt = this.#clock.now();
    for (const hint of hints) onHint(hint);
    response.writeHead(204).end();
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) {
    text += (chunk as Buffer).toString('latin1');
    if (text.length > LONGEST_BODY) return '';
  }
  return text;
};
