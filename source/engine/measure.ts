import type {Status} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Meter} from '../primitives/meter.ts';
import type {LedgerTotals} from '../store/read-model.ts';
import type {CoinEngine} from './coin-engine.ts';

/** One coin's numbers that a snapshot does not have. */
export interface CoinMeasure {
  readonly coin: string;
  readonly decimals: number;
  /** Undefined while its database does not answer. */
  readonly totals: LedgerTotals | undefined;
  /** ms since 1970 of the oldest event that each sink has not taken yet, by its name. */
  readonly oldestEventAt: ReadonlyMap<string, number>;
}

/** The engine as it is now, for whoever watches from outside. */
export interface Measures {
  readonly at: number;
  readonly status: Status;
  readonly health: 'ok' | 'degraded' | 'failing';
  readonly coins: readonly CoinMeasure[];
}

/** Counts what it is told, and says it all as text. */
export interface Exposition extends Meter {
  readonly contentType: string;
  text(measures: Measures): Promise<string>;
}

export const measureCoins = async (coins: readonly CoinEngine[]): Promise<CoinMeasure[]> =>
  Promise.all(coins.map(measureCoin));

const measureCoin = async ({name, coin, store, sinkConfigs}: CoinEngine): Promise<CoinMeasure> => {
  try {
    const oldestEventAt = new Map<string, number>();
    for (const [sink, {types}] of sinkConfigs) {
      const [head] = await store.sinkQueue(sink, types, 1);
      if (head !== undefined) oldestEventAt.set(sink, Date.parse(head.event.created_at));
    }
    return {coin: name, decimals: coin.decimals, totals: await store.totals(), oldestEventAt};
  } catch (error) {
    // A database at fault is itself what somebody wants to see here.
    if (!(error instanceof EngineError)) throw error;
    return {coin: name, decimals: coin.decimals, totals: undefined, oldestEventAt: new Map()};
  }
};
