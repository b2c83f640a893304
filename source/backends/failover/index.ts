import type {BackendHealth, BackendVitals, ChainSource, CoinSource, SeveralSources} from '../../chain/ports.ts';
import type {NetworkSide} from '../../payout/sides.ts';
import {FailoverBroadcaster} from './broadcaster.ts';
import {FailoverChainSource} from './chain-source.ts';
import {type FailoverOptions, Speakers} from './failover.ts';
import type {Source} from './watched-source.ts';

export type {FailoverRules} from './rules.ts';
export {FAILOVER_RULES} from './rules.ts';
export type {Source} from './watched-source.ts';

/** Several sources behind the ports of one. */
export interface Failover extends NetworkSide {
  readonly several: SeveralSources;
}

/** `sources`: at least one, in order of preference. `ofWallet`: the one whose node has the wallet. */
export const createFailover = (
  sources: readonly Source[],
  options: FailoverOptions & {readonly ofWallet?: string | undefined},
): Failover => {
  const speakers = new Speakers(sources, options);
  const broadcaster = new FailoverBroadcaster(speakers);
  const chainOf = (name: string): ChainSource => {
    const source = sources.find(one => one.name === name);
    if (source === undefined) throw new Error(`no backend ${name}`);
    return source.chain;
  };
  return {
    chain: new FailoverChainSource(speakers),
    broadcaster,
    fees: {estimate: async blocks => firstEstimate(speakers, blocks)},
    health: new FailoverHealth(speakers),
    coins: coinsOf(speakers, options.ofWallet),
    several: {list: () => speakers.views(), chainOf, ofWallet: options.ofWallet},
    close: async () => {
      await Promise.all(sources.map(async source => source.close()));
      await broadcaster.close();
    },
  };
};

/** Of the first that knows one; what the speaker's silence threw when nobody answers. */
const firstEstimate = async (speakers: Speakers, blocks: number): Promise<number | undefined> => {
  let failure: {readonly error: unknown} | undefined;
  let isAnswered = false;
  for (const source of speakers.order) {
    try {
      const estimate = await speakers.unlessSilent(source, source.fees.estimate(blocks));
      isAnswered = true;
      if (estimate !== undefined) return estimate;
    } catch (error) {
      failure ??= {error};
    }
  }
  if (!isAnswered && failure !== undefined) throw failure.error;
  return undefined;
};

class FailoverHealth implements BackendHealth {
  readonly #speakers: Speakers;

  constructor(speakers: Speakers) {
    this.#speakers = speakers;
  }

  async vitals(): Promise<BackendVitals> {
    const {speaker} = this.#speakers;
    return this.#speakers.unlessSilent(speaker, speaker.health.vitals());
  }

  latencies(): readonly number[] {
    return this.#speakers.speaker.health.latencies();
  }

  notifyChannels(): ReturnType<BackendHealth['notifyChannels']> {
    return this.#speakers.speaker.health.notifyChannels();
  }
}

/** Single coins are looked up where that can be; the wallet's own transactions where the wallet is. */
const coinsOf = (speakers: Speakers, ofWallet: string | undefined): CoinSource | undefined => {
  if (speakers.sources.every(({coins}) => coins === undefined)) return undefined;
  return {
    inspect: async outpoints => {
      const source = speakers.order.find(({coins}) => coins !== undefined);
      if (source?.coins === undefined) return {tip: undefined, amounts: []};
      return speakers.unlessSilent(source, source.coins.inspect(outpoints));
    },
    walletTransactions: async txids => {
      const {coins} = speakers.sources.find(({name}) => name === ofWallet) ?? {};
      return coins ? coins.walletTransactions(txids) : txids.map(() => undefined);
    },
  };
};
