import {createEsplora, type Esplora} from '../../source/backends/esplora/index.ts';
import type {ScanMethod} from '../../source/backends/esplora/scan-plan.ts';
import type {EsploraConfig} from '../../source/config/config.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {type Log, silentLog} from '../../source/primitives/log.ts';
import {btc, regtest} from './bitcoind.ts';

export interface EsploraOpenOptions extends Partial<EsploraConfig> {
  readonly log?: Log;
  /** The way to look at blocks; by cost unless said. */
  readonly method?: ScanMethod;
}

/** The backend with a config that need not lead to a real server. */
export const openEsplora = (url: string, {log, method, ...config}: EsploraOpenOptions = {}): Esplora => {
  const cost = {requests: 0, bytes: 0, seconds: 0};
  return createEsplora(
    {type: 'esplora', url, websocket: undefined, timeout: 15_000, requestsPerSecond: 1_000, parallel: 8, ...config},
    {
      coin: btc,
      network: regtest,
      clock: systemClock,
      log: log ?? silentLog,
      plan: method && (() => ({method, costs: {blocks: cost, histories: cost}})),
    },
  );
};
