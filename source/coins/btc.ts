import {satoshi} from '../primitives/amount.ts';
import type {Coin} from './coin.ts';
import {dustAt} from './dust.ts';

const MAX_MONEY = satoshi(2_100_000_000_000_000n);
const TEST_ADDRESSES = {
  bech32: 'tb',
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  bip32: {public: 0x043587cf, private: 0x04358394},
  keyVersions: [
    {public: 0x044a5262, private: 0x044a4e28, type: 'nested'},
    {public: 0x045f1cf6, private: 0x045f18bc, type: 'segwit'},
  ],
} as const;

export const btc: Coin = {
  name: 'btc',
  unit: 'BTC',
  decimals: 8,
  smallestUnit: 'sat',
  maxSupply: MAX_MONEY,
  coinbaseMaturity: 101,
  depositMaturity: 1,
  daemon: 'bitcoind',
  blockTime: 600,
  segwit: true,
  proofOfWork: 'sha256d',
  format: {auxpow: false, mweb: false, maxOutput: MAX_MONEY},
  hdCoinType: 0,
  fees: {fallback: 2, min: 1, max: 200},
  networks: {
    mainnet: {
      name: 'mainnet',
      chain: 'main',
      genesis: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
      easiestBits: 0x1d00_ffff,
      steadyDifficulty: true,
      bech32: 'bc',
      pubKeyHash: 0x00,
      scriptHash: 0x05,
      bip32: {public: 0x0488b21e, private: 0x0488ade4},
      keyVersions: [
        {public: 0x049d7cb2, private: 0x049d7878, type: 'nested'},
        {public: 0x04b24746, private: 0x04b2430c, type: 'segwit'},
      ],
    },
    testnet: {
      name: 'testnet',
      chain: 'test',
      genesis: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
      easiestBits: 0x1d00_ffff,
      ...TEST_ADDRESSES,
    },
    testnet4: {
      name: 'testnet4',
      chain: 'testnet4',
      genesis: '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
      easiestBits: 0x1d00_ffff,
      ...TEST_ADDRESSES,
    },
    signet: {
      name: 'signet',
      chain: 'signet',
      genesis: '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6',
      easiestBits: 0x1e03_77ae,
      steadyDifficulty: true,
      ...TEST_ADDRESSES,
    },
    regtest: {
      name: 'regtest',
      chain: 'regtest',
      genesis: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
      easiestBits: 0x207f_ffff,
      ...TEST_ADDRESSES,
      bech32: 'bcrt',
    },
  },
  /** DUST_RELAY_TX_FEE of Bitcoin Core: 3,000 sat/kvB. */
  dustLimit: dustAt(3),
};
