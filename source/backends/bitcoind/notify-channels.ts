import type {Hint} from '../../chain/ports.ts';
import type {NotifyConfig} from '../../config/config.ts';
import type {Clock} from '../../primitives/clock.ts';
import {messageOf} from '../../primitives/errors.ts';
import type {Log} from '../../primitives/log.ts';
import {Wake} from '../../primitives/wake.ts';
import type {Channel, ChannelState} from './channel.ts';
import {HttpChannel} from './http-channel.ts';
import {PipeChannel} from './pipe-channel.ts';
import {ZmqChannel} from './zmq-channel.ts';

/** ms until a channel that could not be had is tried again. */
const PAUSE = 5_000;

/** The ways by which the node tells of news. Each message is a hint to look; whatever may have been missed is `everything`. */
export class NotifyChannels {
  readonly #channels: readonly Channel[];
  readonly #log: Log;
  readonly #ended = new AbortController();

  constructor(channels: readonly Channel[], log: Log) {
    this.#channels = channels;
    this.#log = log;
  }

  states(): ChannelState[] {
    return this.#channels.map(channel => channel.state());
  }

  listen(onHint: (hint: Hint) => void, signal: AbortSignal): void {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    for (const channel of this.#channels) void this.#keep(channel, onHint, until);
  }

  close(): void {
    this.#ended.abort();
  }

  async #keep(channel: Channel, onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void> {
    let lastWords: string | undefined;
    while (!signal.aborted) {
      try {
        await channel.run(onHint, signal);
      } catch (error) {
        const words = messageOf(error);
        // A port that stays taken is said once.
        if (words !== lastWords)
          this.#log.error(
            {channel: channel.state().channel, error: words},
            'no notifications from here: polling goes on',
          );
        lastWords = words;
      }
      await new Wake().sleep(PAUSE, signal);
    }
  }
}

export const channelOf = (config: NotifyConfig, clock: Clock, log: Log): Channel => {
  if (config.type === 'zmq') return new ZmqChannel(config.url, clock, log);
  return config.type === 'http' ? new HttpChannel(config.listen, clock) : new PipeChannel(config.path, clock);
};
