import {
  createFailover,
  FAILOVER_RULES,
  type Failover,
  type FailoverRules,
  type Source,
} from '../../source/backends/failover/index.ts';
import type {NetworkSide} from '../../source/payout/sides.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {btc, regtest} from './bitcoind.ts';

/** A backend under the name that a config would give it. */
export const named = (name: string, side: NetworkSide, type = 'bitcoind'): Source => Object.assign(side, {name, type});

/** In order of preference, by rules of which only some are the usual ones. */
export const openFailover = (sources: readonly Source[], rules: Partial<FailoverRules> = {}): Failover =>
  createFailover(sources, {
    coin: btc,
    network: regtest,
    clock: systemClock,
    log: silentLog,
    rules: {...FAILOVER_RULES, ...rules},
  });
