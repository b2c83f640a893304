import {satoshi} from '../primitives/amount.ts';
import type {Coin} from './coin.ts';

/** MAX_MONEY: 10 billion. The supply has no end and is above that already; no single output can be. */
const MAX_MONEY = satoshi(1_000_000_000_000_000_000n);
/** DEFAULT_DUST_LIMIT of Dogecoin Core 1.14: outputs below it cost an extra fee, and are not worth sending. */
const DUST = satoshi(1_000_000n);

const TEST_KEYS = {public: 0x043587cf, private: 0x04358394};

/** Dogecoin, by Dogecoin Core 1.14 (chainparams.cpp, policy.h). It has no witnesses and no PSBT. */
export const doge: Coin = {
  name: 'doge',
  unit: 'DOGE',
  decimals: 8,
  smallestUnit: 'koinu',
  maxSupply: MAX_MONEY,
  // 240 since block 145,000 of mainnet; less on test networks, where waiting longer harms nothing.
  coinbaseMaturity: 241,
  depositMaturity: 1,
  daemon: 'dogecoind',
  blockTime: 60,
  segwit: false,
  format: {auxpow: true, mweb: false, maxOutput: MAX_MONEY},
  hdCoinType: 3,
  // RECOMMENDED_MIN_TX_FEE is 0.01 DOGE per kB; a tenth of it relays.
  fees: {fallback: 1_000, min: 1_000, max: 100_000},
  networks: {
    mainnet: {
      name: 'mainnet',
      chain: 'main',
      genesis: '1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691',
      bech32: undefined,
      pubKeyHash: 0x1e,
      scriptHash: 0x16,
      bip32: {public: 0x02facafd, private: 0x02fac398},
    },
    testnet: {
      name: 'testnet',
      chain: 'test',
      genesis: 'bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e',
      bech32: undefined,
      pubKeyHash: 0x71,
      scriptHash: 0xc4,
      bip32: TEST_KEYS,
    },
    regtest: {
      name: 'regtest',
      chain: 'regtest',
      genesis: '3d2160a3b5dc4a9d62e7e66a295f70313ac808440ef7400d6c0772171ce973a5',
      bech32: undefined,
      pubKeyHash: 0x6f,
      scriptHash: 0xc4,
      bip32: TEST_KEYS,
    },
  },
  dustLimit: () => DUST,
};
