import type {BackendHealth, BackendVitals} from '../../chain/ports.ts';
import type {FeeSource} from '../../payout/ports.ts';
import type {ChannelState} from '../bitcoind/channel.ts';
import {feeEstimates, readAs} from './answers.ts';
import type {Mempool} from './mempool.ts';
import type {RestClient} from './rest-client.ts';
import type {WebsocketChannel} from './websocket-channel.ts';

/** Servers do not say which version they are, nor what their node relays. */
export class EsploraHealth implements BackendHealth {
  readonly #client: RestClient;
  readonly #mempool: Mempool;
  readonly #channel: WebsocketChannel | undefined;

  constructor(client: RestClient, mempool: Mempool, channel: WebsocketChannel | undefined) {
    this.#client = client;
    this.#mempool = mempool;
    this.#channel = channel;
  }

  async vitals(): Promise<BackendVitals> {
    return {version: undefined, peers: undefined, mempool: await this.#mempool.measure(), feeFloor: undefined};
  }

  latencies(): readonly number[] {
    return this.#client.latencies.list();
  }

  /** Blocks are told of reliably; transactions only where they are asked about anyway. */
  notifyChannels(): readonly ChannelState[] {
    return this.#channel === undefined
      ? []
      : [this.#channel.state(this.#channel.tellsBlocks && this.#mempool.isByScripts)];
  }
}

export class EsploraFeeSource implements FeeSource {
  readonly #client: RestClient;

  constructor(client: RestClient) {
    this.#client = client;
  }

  /** For the longest wait that is not longer than asked; for less than the shortest known, that one. */
  async estimate(blocks: number): Promise<number | undefined> {
    const route = '/fee-estimates';
    const answer = await this.#client.json(route, []);
    if (answer === undefined) return undefined;
    const estimates = Object.entries(readAs(feeEstimates, answer, route, this.#client.faults))
      .map(([target, rate]) => ({target: Number(target), rate}))
      .sort((one, other) => one.target - other.target);
    return (estimates.findLast(({target}) => target <= blocks) ?? estimates[0])?.rate;
  }
}
