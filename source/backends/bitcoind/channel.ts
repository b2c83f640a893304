import type {Hint} from '../../chain/ports.ts';

export interface ChannelState {
  readonly channel: string;
  /** `quiet`: nothing heard yet. `lost`: not connected; polling finds everything, only later. */
  readonly state: 'ok' | 'quiet' | 'lost';
  readonly lastAt: number | undefined;
  /** Its loss is noticed and it tells of everything: while it stands, polling may be rare. */
  readonly reliable: boolean;
}

/** One way by which a node tells that there is something to look at. */
export interface Channel {
  state(): ChannelState;
  /** Runs until the signal aborts. Rejects when it cannot go on, with words that name it. */
  run(onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void>;
}
