import type {BackendHealth, BackendVitals} from '../../chain/ports.ts';
import type {FeeSource} from '../../payout/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {coinsPerKvb, readAs} from './answers.ts';
import type {ElectrumClient} from './electrum-client.ts';

/** Smallest units per vB of whole coins per 1,000 vB. A feerate, and so a float may hold it. */
const perVbyte = (coins: number, decimals: number): number => Number(((coins * 10 ** decimals) / 1000).toFixed(3));

export class ElectrumHealth implements BackendHealth {
  readonly #client: ElectrumClient;
  readonly #decimals: number;
  readonly #clock: Clock;
  #lastAt: number | undefined;

  constructor(client: ElectrumClient, decimals: number, clock: Clock) {
    this.#client = client;
    this.#decimals = decimals;
    this.#clock = clock;
  }

  /** The protocol tells of no peers and of no mempool as a whole. */
  async vitals(): Promise<BackendVitals> {
    const answer = await this.#client.call('blockchain.relayfee');
    const floor = readAs(coinsPerKvb, answer, 'blockchain.relayfee', this.#client.faults);
    return {
      version: this.#client.software,
      peers: undefined,
      mempool: undefined,
      feeFloor: floor >= 0 ? perVbyte(floor, this.#decimals) : undefined,
    };
  }

  latencies(): readonly number[] {
    return this.#client.latencies.list();
  }

  /** The connection itself: every subscription hangs on it, and a ping notices its loss. */
  notifyChannels() {
    const isStanding = this.#client.isConnected;
    if (isStanding) this.#lastAt = this.#clock.now();
    return [
      {
        channel: this.#client.place.url,
        state: isStanding ? 'ok' : 'lost',
        lastAt: this.#lastAt,
        reliable: true,
      } as const,
    ];
  }
}

export class ElectrumFeeSource implements FeeSource {
  readonly #client: ElectrumClient;
  readonly #decimals: number;

  constructor(client: ElectrumClient, decimals: number) {
    this.#client = client;
    this.#decimals = decimals;
  }

  async estimate(blocks: number): Promise<number | undefined> {
    const answer = await this.#client.call('blockchain.estimatefee', [blocks]);
    const coins = readAs(coinsPerKvb, answer, 'blockchain.estimatefee', this.#client.faults);
    return coins > 0 ? perVbyte(coins, this.#decimals) : undefined;
  }
}
