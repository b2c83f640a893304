import type {Subscriber} from 'zeromq';
import type {Hint} from '../../chain/ports.ts';
import type {NotifyConfig} from '../../config/config.ts';
import type {Clock} from '../../primitives/clock.ts';
import {messageOf} from '../../primitives/errors.ts';
import type {Log} from '../../primitives/log.ts';
import {ZMQ_TOPICS, ZmqReader} from './zmq-message.ts';

interface Channel {
  readonly url: string;
  connected: boolean;
  /** Of the last message on this connection. */
  heard: boolean;
  lastAt: number | undefined;
}

export interface ChannelState {
  readonly channel: string;
  /** `quiet`: connected, nothing heard yet. `lost`: not connected; polling finds everything, only later. */
  readonly state: 'ok' | 'quiet' | 'lost';
  readonly lastAt: number | undefined;
}

/** The node's ZMQ publishers. Each message is a hint to look; whatever may have been missed is `everything`. */
export class NotifyChannels {
  readonly #channels: Channel[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ended = new AbortController();

  constructor(notify: readonly NotifyConfig[], clock: Clock, log: Log) {
    this.#channels = notify.map(({url}) => ({url, connected: false, heard: false, lastAt: undefined}));
    this.#clock = clock;
    this.#log = log;
  }

  states(): ChannelState[] {
    return this.#channels.map(({url, connected, heard, lastAt}) => ({
      channel: `zmq ${url}`,
      state: connected ? (heard ? 'ok' : 'quiet') : 'lost',
      lastAt,
    }));
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    for (const channel of this.#channels) {
      this.#run(channel, onHint, until).catch((error: unknown) => {
        channel.connected = false;
        this.#log.error({channel: channel.url, error: messageOf(error)}, 'no notifications from here: polling goes on');
      });
    }
  }

  close(): void {
    this.#ended.abort();
  }

  async #run(channel: Channel, onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
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
      this.#watchConnection(socket, channel, reader, onHint);
      socket.connect(channel.url);
      socket.subscribe(...ZMQ_TOPICS);
      for await (const frames of socket) {
        channel.heard = true;
        channel.lastAt = this.#clock.now();
        onHint(reader.read(frames));
      }
    } finally {
      signal.removeEventListener('abort', close);
      channel.connected = false;
      if (!socket.closed) socket.close();
    }
  }

  #watchConnection(socket: Subscriber, channel: Channel, reader: ZmqReader, onHint: (hint: Hint) => void): void {
    socket.events.on('handshake', () => {
      channel.connected = true;
      channel.heard = false;
      reader.reset();
      this.#log.info({channel: channel.url}, 'notifications connected');
      // What was published before this moment was missed.
      onHint({kind: 'everything'});
    });
    socket.events.on('disconnect', () => {
      if (channel.connected) this.#log.warn({channel: channel.url}, 'notifications lost: polling goes on');
      channel.connected = false;
    });
  }
}
