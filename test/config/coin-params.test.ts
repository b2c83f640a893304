import {expect, test} from 'vitest';
import {addressOf, scriptOf} from '../../source/coins/index.ts';
import {load, MINIMAL, report} from './load-report.ts';

const PARAMS = `  vtc:
    network: mainnet
    params:
      unit: VTC
      smallest_unit: vert
      chain: main
      genesis: "4d96a915f49d40b1e5c2844d1ee2dccb90013a990ccea12c492d22110489f0c4"
      bech32: vtc
      pubkey_hash: 71
      script_hash: 5
      supply: "84000000"
      block_time: 150s
      min_rate: 100
      fallback_rate: 200
      max_rate: 5000
    backend: {type: bitcoind, url: "http://127.0.0.1:5888", auth: {user: u, password: pppp}, wallet: hot}
`;

test('a coin that the file describes is read like a built-in one', () => {
  const config = load(MINIMAL + PARAMS).coins.get('vtc')!;
  const {definition} = config;
  expect(definition).toMatchObject({
    name: 'vtc',
    unit: 'VTC',
    smallestUnit: 'vert',
    coinbaseMaturity: 101,
    blockTime: 150,
  });
  expect(config.payouts.fee).toMatchObject({fallbackRate: 200, minRate: 100, maxRate: 5000});
  const network = definition.networks.mainnet!;
  const script = Buffer.from('0014751e76e8199196d454941c45d1b3a323f1433bd6', 'hex');
  expect(scriptOf(addressOf(script, network)!, definition, network)).toEqual(script);
  expect(Object.keys(definition.networks)).toEqual(['mainnet']);
});

test.each([
  [
    'a missing part',
    PARAMS.replace(/ +genesis: .*\n/, ''),
    /coins\.vtc\.params\.genesis: is missing; expected the hash/,
  ],
  [
    'a wrong part',
    PARAMS.replace('pubkey_hash: 71', 'pubkey_hash: 300'),
    /pubkey_hash: is the number 300; expected a whole number from 0 to 255/,
  ],
  [
    'an unknown part',
    PARAMS.replace('block_time', 'blocktime'),
    /params\.blocktime: is not known here; did you mean block_time\?/,
  ],
  [
    'an amount above its supply',
    PARAMS.replace('    backend', '    payouts: {limits: {per_day: "90000000"}}\n    backend'),
    /per_day: is more VTC than will ever exist/,
  ],
  ['params of a built-in coin', `${MINIMAL}    params: {unit: X}\n`, /coins\.btc\.params: is not known here/],
])('%s is refused at its place', (_, yaml, words) => {
  expect(report(yaml.startsWith('coins') ? yaml : MINIMAL + yaml).join('\n')).toMatch(words);
});
