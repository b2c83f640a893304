import {z} from 'zod';
import type {Hint} from '../../chain/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {messageOf} from '../../primitives/errors.ts';
import {parseTxid, type Txid} from '../../primitives/ids.ts';
import type {Log} from '../../primitives/log.ts';
import {Wake} from '../../primitives/wake.ts';
import type {ChannelState} from '../bitcoind/channel.ts';
import type {WatchedScripts} from './watched-scripts.ts';

/** ms between our pings, and of silence after which the connection counts as lost. */
const PING_EVERY = 20_000;
const SILENCE = 50_000;
const FIRST_REST = 1_000;
const LONGEST_REST = 60_000;
/** ms in which scripts that become ours are gathered before they are told. */
const GATHER = 200;
/** Scripts told of at first; a server that takes fewer says how many. */
const MOST_TRACKED = 500;
/** Characters of a message; a longer one is news that is not read. */
const LONGEST_MESSAGE = 8_000_000;

const named = z.array(z.object({txid: z.string().regex(/^[0-9a-f]{64}$/)})).max(100_000);
const moved = z.object({mempool: named, confirmed: named, removed: named});

/** What mempool's websocket says, as far as it is news to us. All of it is a wish to look, and nothing is believed. */
const message = z.object({
  block: z.unknown().optional(),
  blocks: z.unknown().optional(),
  'multi-scriptpubkey-transactions': z.record(z.string(), moved).optional(),
  'track-scriptpubkeys-error': z.string().optional(),
});

/** The websocket of mempool (mempool.space or one's own): blocks, and transactions of the newest scripts. */
export class WebsocketChannel {
  readonly #url: string;
  readonly #scripts: WatchedScripts;
  readonly #clock: Clock;
  readonly #log: Log;
  #most = MOST_TRACKED;
  #socket: WebSocket | undefined;
  /** It answered that it tells of blocks. */
  #tellsBlocks = false;
  #heardAt = 0;
  #lastAt: number | undefined;
  /** Called for each transaction that was named as new, before its hint. */
  onNamed: (txid: Txid) => void = () => {};

  constructor(url: string, scripts: WatchedScripts, {clock, log}: {clock: Clock; log: Log}) {
    this.#url = url;
    this.#scripts = scripts;
    this.#clock = clock;
    this.#log = log;
  }

  /** Blocks are told of. Scripts may be left out silently, so that this alone is no reason to poll them rarely. */
  get tellsBlocks(): boolean {
    return this.#tellsBlocks;
  }

  /** Whether every script of ours is among those that the server was told of. */
  get coversScripts(): boolean {
    return this.#tellsBlocks && this.#scripts.size <= this.#most;
  }

  state(reliable: boolean): ChannelState {
    const state = this.#socket?.readyState === WebSocket.OPEN ? (this.#tellsBlocks ? 'ok' : 'quiet') : 'lost';
    return {channel: `websocket ${this.#url}`, state, lastAt: this.#lastAt, reliable};
  }

  /** Runs until the signal aborts; connects again and again. */
  async run(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    let rest = FIRST_REST;
    while (!signal.aborted) {
      const {heard, words} = await this.#connect(onHint, signal);
      if (signal.aborted) return;
      this.#log.warn({channel: this.#url, words}, 'notifications lost: polling goes on');
      rest = heard ? FIRST_REST : Math.min(LONGEST_REST, rest * 2);
      await new Wake().sleep(rest, signal);
    }
  }

  /** One connection, to its end. */
  async #connect(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<{heard: boolean; words: string}> {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#heardAt = this.#clock.monotonic();
    const {promise: ended, resolve: end} = Promise.withResolvers<string>();
    // Not waited for: one that is silent does not answer that either.
    const close = () => end('closed by us');
    const ping = setInterval(() => {
      if (this.#clock.monotonic() - this.#heardAt > SILENCE) end('silent');
      else if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({action: 'ping'}));
    }, PING_EVERY);
    signal.addEventListener('abort', close, {once: true});
    const stopGathering = this.#tellOfNewScripts();
    try {
      socket.addEventListener('close', () => end('closed'), {once: true});
      socket.addEventListener('error', event => end(messageOf((event as {error?: unknown}).error ?? 'cannot connect')));
      socket.addEventListener('open', () => this.#onOpen(onHint));
      socket.addEventListener('message', ({data}) => {
        // What comes from one that was given up is news of another connection.
        if (this.#socket === socket) this.#onMessage(data, onHint);
      });
      if (signal.aborted) close();
      const words = await ended;
      return {heard: this.#tellsBlocks, words};
    } finally {
      stopGathering();
      clearInterval(ping);
      signal.removeEventListener('abort', close);
      this.#tellsBlocks = false;
      this.#socket = undefined;
      socket.close();
    }
  }

  #onOpen(onHint: (hint: Hint) => void): void {
    this.#log.info({channel: this.#url}, 'notifications connected');
    this.#socket?.send(JSON.stringify({action: 'want', data: ['blocks']}));
    this.#track();
    // What was told before this moment was missed.
    onHint({kind: 'everything'});
  }

  #track(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.#scripts.size === 0 || this.#most === 0) return;
    const scripts = this.#scripts.newest(this.#most).map(script => script.toString('hex'));
    this.#socket.send(JSON.stringify({'track-scriptpubkeys': scripts}));
  }

  #tellOfNewScripts(): () => void {
    let timer: NodeJS.Timeout | undefined;
    const stop = this.#scripts.onAdded(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        this.#track();
      }, GATHER);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }

  #onMessage(data: unknown, onHint: (hint: Hint) => void): void {
    this.#heardAt = this.#clock.monotonic();
    this.#lastAt = this.#clock.now();
    if (typeof data !== 'string' || data.length > LONGEST_MESSAGE) return onHint({kind: 'everything'});
    const news = readMessage(data);
    // Nothing that we know: there may be news in it all the same.
    if (news === undefined) return onHint({kind: 'everything'});
    if (news['track-scriptpubkeys-error'] !== undefined) this.#trackFewer(news['track-scriptpubkeys-error']);
    if (news.blocks !== undefined || news.block !== undefined) {
      this.#tellsBlocks = true;
      onHint({kind: 'block'});
    }
    for (const {mempool, confirmed, removed} of Object.values(news['multi-scriptpubkey-transactions'] ?? {})) {
      for (const {txid} of mempool) {
        this.onNamed(parseTxid(txid));
        onHint({kind: 'mempool-added', txid: parseTxid(txid)});
      }
      for (const {txid} of removed) onHint({kind: 'mempool-removed', txid: parseTxid(txid)});
      if (confirmed.length > 0) onHint({kind: 'block'});
    }
  }

  /** `… supports tracking a maximum of 10 scriptpubkeys` */
  #trackFewer(words: string): void {
    const most = Number(/maximum of (\d{1,6})/.exec(words)?.[1] ?? 0);
    this.#most = Math.min(most, Math.floor(this.#most / 2));
    this.#log.info(
      {channel: this.#url, most: this.#most},
      'only the newest scripts are told of; the others are asked about',
    );
    this.#track();
  }
}

const readMessage = (text: string): z.output<typeof message> | undefined => {
  try {
    return message.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
