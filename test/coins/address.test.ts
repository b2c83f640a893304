import {address as codec, networks} from 'bitcoinjs-lib';
import {describe, expect, it} from 'vitest';
import {addressOf, coins, scriptOf} from '../../source/coins/index.ts';

const btc = coins.get('btc')!;
const mainnet = btc.networks.mainnet!;
const regtest = btc.networks.regtest!;

// From BIP173 and BIP350.
const VALID = [
  ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
  ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
  [
    'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ],
  ['1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', '76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac'],
  ['3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', 'a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87'],
] as const;

describe('scriptOf', () => {
  it.each(VALID)('reads %s', (address, script) => {
    expect(scriptOf(address, btc, mainnet).toString('hex')).toBe(script);
  });

  it('agrees with the library on every script it can write', () => {
    for (const [, script] of VALID) {
      const bytes = Buffer.from(script, 'hex');
      const address = addressOf(bytes, mainnet)!;
      expect(address).toBe(codec.fromOutputScript(bytes, networks.bitcoin));
      expect(scriptOf(address, btc, mainnet)).toEqual(bytes);
    }
  });

  it.each([
    ['another network', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'],
    ['a bad checksum', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5'],
    ['mixed case', 'bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['version 1 with a bech32 checksum', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd'],
    ['version 0 with a bech32m checksum', 'bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd'],
    ['version 0 with 16 bytes', 'BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P'],
    ['zero-width characters', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\u200b'],
    ['a Litecoin address', 'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9'],
    [
      'a MWEB address',
      'ltcmweb1qq20e2arnhvxw97katjkmsd35agw3capxjkrkh7dk8d30rczm8ypxuq329nwh2twmchhqn3jqh7ua4ps539f6aazh79jy76urqht4qa59ts3at6gf',
    ],
    ['nothing', ''],
  ])('refuses %s', (_, address) => {
    expect(() => scriptOf(address, btc, mainnet)).toThrow(/expected a BTC mainnet address/);
  });

  it('says which network an address is for', () => {
    expect(() => scriptOf('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', btc, regtest)).toThrow(
      'the address is for BTC mainnet; expected a BTC regtest address',
    );
  });
});
