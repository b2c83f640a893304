import type {Subscriber} from 'zeromq';
import type {Hint} from '../../chain/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import type {Log} from '../../primitives/log.ts';
import type {Channel, ChannelState} from './channel.ts';
import {ZMQ_TOPICS, ZmqReader} from './zmq-message.ts';

/** One of the node's ZMQ publishers. */
export class ZmqChannel implements Channel {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #connected = false;
  /** Anything on this connection. */
  #heard = false;
  #lastAt: number | undefined;

  constructor(url: string, clock: Clock, log: Log) {
    this.#url = url;
    this.#clock = clock;
    this.#log = log;
  }

  state(): ChannelState {
    return {
      channel: `zmq ${this.#url}`,
      state: this.#connected ? (this.#heard ? 'ok' : 'quiet') : 'lost',
      lastAt: this.#lastAt,
      reliable: true,
    };
  }

  async run(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    // An addon: loaded only by those who configured it.
    const {Subscriber} = await import('zeromq');
    if (signal.aborted) return;
    const socket = new Subscriber({
      // Without this a burst is dropped silently at 1,000 messages.
      receiveHighWaterMark: 0,
      linger: 0,
      reconnectInterval: 100,
      reconnectMaxInterval: 2_000,
      // A machine that vanished closes no connection.
      heartbeatInterval: 5_000,
      heartbeatTimeout: 15_000,
    });
    const reader = new ZmqReader();
    const close = () => socket.close();
    signal.addEventListener('abort', close, {once: true});
    try {
      this.#watchConnection(socket, reader, onHint);
      socket.connect(this.#url);
      socket.subscribe(...ZMQ_TOPICS);
      for await (const frames of socket) {
        this.#heard = true;
        this.#lastAt = this.#clock.now();
        onHint(reader.read(frames));
      }
    } finally {
      signal.removeEventListener('abort', close);
      this.#connected = false;
      if (!socket.closed) socket.close();
    }
  }

  #watchConnection(socket: Subscriber, reader: ZmqReader, onHint: (hint: Hint) => void): void {
    socket.events.on('handshake', () => {
      this.#connected = true;
      this.#heard = false;
      reader.reset();
      this.#log.info({channel: this.#url}, 'notifications connected');
      // What was published before this moment was missed.
      onHint({kind: 'everything'});
    });
    socket.events.on('disconnect', () => {
      if (this.#connected) this.#log.warn({channel: this.#url}, 'notifications lost: polling goes on');
      this.#connected = false;
    });
  }
}
