import {createElectrum} from '../../source/backends/electrum/index.ts';
import {coins} from '../../source/coins/index.ts';
import type {ElectrumConfig} from '../../source/config/config.ts';
import type {NetworkSide} from '../../source/payout/sides.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';

const btc = coins.get('btc')!;

/** The backend of a server, with a config that need not lead to a real one. */
export const openElectrum = (url: string, config: Partial<ElectrumConfig> = {}): NetworkSide =>
  createElectrum(
    {
      type: 'electrum',
      url,
      timeout: 15_000,
      tls: {fingerprint: undefined, ca: undefined},
      limits: {inFlight: 200, batch: 50, message: 32_000_000},
      ...config,
    },
    {coin: btc, network: btc.networks.regtest!, clock: systemClock, log: silentLog},
  );
