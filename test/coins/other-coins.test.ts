import {describe, expect, it} from 'vitest';
import {addressOf, coins, scriptOf} from '../../source/coins/index.ts';

const ltc = coins.get('ltc')!;
const doge = coins.get('doge')!;
const btc = coins.get('btc')!;

// The regtest ones were made by Litecoin Core 0.21.2.1; Dogecoin's are of its chain's early blocks.
const ADDRESSES = [
  ['ltc', 'regtest', 'rltc1qv0hhrhcmlzgcl5kwkf50t73xehqx8ncaqtedw0'],
  ['ltc', 'regtest', 'QeUXtfMRUS4nsrkYmmM4xdXZ5hqyJpqWFB'],
  ['ltc', 'regtest', 'mn5NcMH4tFnZwNjDvYEYoZfw8RJtaR8EU4'],
  ['ltc', 'mainnet', 'LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1'],
  ['ltc', 'mainnet', 'MQMcJhpWHYVeQArcZR3sBgyPZxxRtnH441'],
  ['ltc', 'mainnet', 'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9'],
  ['doge', 'mainnet', 'DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L'],
] as const;

describe('addresses of other coins', () => {
  it.each(ADDRESSES)('%s %s reads and writes %s', (name, networkName, address) => {
    const coin = coins.get(name)!;
    const network = coin.networks[networkName]!;
    expect(addressOf(scriptOf(address, coin, network), network)).toBe(address);
  });

  it('reads the older form of a P2SH address only where no other coin of worth has it', () => {
    const script = 'a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87';
    expect(() => scriptOf('3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', ltc, ltc.networks.mainnet!)).toThrow(
      'the address has an old form that another coin uses too: ask for its present form; expected a LTC mainnet address',
    );
    const old = addressOf(Buffer.from(script, 'hex'), btc.networks.regtest!)!;
    expect(scriptOf(old, ltc, ltc.networks.regtest!).toString('hex')).toBe(script);
  });

  it.each([
    [
      'ltc',
      'ltcmweb1qq20e2arnhvxw97katjkmsd35agw3capxjkrkh7dk8d30rczm8ypxuq329nwh2twmchhqn3jqh7ua4ps539f6aazh79jy76urqht4qa59ts3at6gf',
      /MWEB addresses cannot be paid/,
    ],
    ['ltc', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', /another network or coin; expected a LTC mainnet address/],
    ['ltc', 'rltc1qv0hhrhcmlzgcl5kwkf50t73xehqx8ncaqtedw0', /the address is for LTC regtest/],
    ['doge', 'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9', /expected a DOGE mainnet address/],
    ['doge', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', /expected a DOGE mainnet address/],
  ] as const)('%s refuses %s', (name, address, words) => {
    const coin = coins.get(name)!;
    expect(() => scriptOf(address, coin, coin.networks.mainnet!)).toThrow(words);
  });

  it('knows the least that is worth sending', () => {
    const p2pkh = Buffer.from('76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac', 'hex');
    const p2wpkh = Buffer.from('0014751e76e8199196d454941c45d1b3a323f1433bd6', 'hex');
    expect([btc, ltc, doge].map(coin => coin.dustLimit(p2pkh))).toEqual([546n, 5460n, 1_000_000n]);
    expect([btc, ltc].map(coin => coin.dustLimit(p2wpkh))).toEqual([294n, 2940n]);
  });
});
