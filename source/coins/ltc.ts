import {satoshi} from '../primitives/amount.ts';
import type {Coin} from './coin.ts';
import {dustAt} from './dust.ts';

const MAX_MONEY = satoshi(8_400_000_000_000_000n);

const TEST_ADDRESSES = {
  pubKeyHash: 0x6f,
  scriptHash: 0x3a,
  otherScriptHashes: [0xc4],
  mweb: 'tmweb',
  bip32: {public: 0x043587cf, private: 0x04358394},
  keyVersions: [
    // ttub
    {public: 0x0436f6e1, private: 0x0436ef7d, type: 'legacy'},
    {public: 0x044a5262, private: 0x044a4e28, type: 'nested'},
    {public: 0x045f1cf6, private: 0x045f18bc, type: 'segwit'},
  ],
} as const;

/** Litecoin, by Litecoin Core 0.21 (chainparams.cpp, policy.h). */
export const ltc: Coin = {
  name: 'ltc',
  unit: 'LTC',
  decimals: 8,
  smallestUnit: 'lit',
  maxSupply: MAX_MONEY,
  coinbaseMaturity: 101,
  depositMaturity: 6,
  daemon: 'litecoind',
  blockTime: 150,
  segwit: true,
  proofOfWork: 'scrypt',
  format: {auxpow: false, mweb: true, maxOutput: MAX_MONEY},
  hdCoinType: 2,
  fees: {fallback: 2, min: 1, max: 500},
  networks: {
    mainnet: {
      name: 'mainnet',
      chain: 'main',
      genesis: '12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2',
      easiestBits: 0x1e0f_ffff,
      steadyDifficulty: true,
      bech32: 'ltc',
      pubKeyHash: 0x30,
      scriptHash: 0x32,
      // 3…, as Bitcoin's.
      ambiguousScriptHashes: [0x05],
      mweb: 'ltcmweb',
      bip32: {public: 0x0488b21e, private: 0x0488ade4},
      keyVersions: [
        // Ltub, Mtub; and Bitcoin's, which Electrum-LTC and hardware wallets write.
        {public: 0x019da462, private: 0x019d9cfe, type: 'legacy'},
        {public: 0x01b26ef6, private: 0x01b26792, type: 'nested'},
        {public: 0x049d7cb2, private: 0x049d7878, type: 'nested'},
        {public: 0x04b24746, private: 0x04b2430c, type: 'segwit'},
      ],
    },
    testnet: {
      name: 'testnet',
      chain: 'test',
      genesis: '4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0',
      easiestBits: 0x1e0f_ffff,
      bech32: 'tltc',
      ...TEST_ADDRESSES,
    },
    regtest: {
      name: 'regtest',
      chain: 'regtest',
      genesis: '530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9',
      easiestBits: 0x207f_ffff,
      bech32: 'rltc',
      ...TEST_ADDRESSES,
    },
  },
  /** DUST_RELAY_TX_FEE of Litecoin Core: 30,000 lit/kvB. */
  dustLimit: dustAt(30),
};
