import {expect, test} from 'vitest';
import {load, report} from './load-report.ts';

const NODE = '{type: bitcoind, url: "http://127.0.0.1:18443", auth: {cookie: ./.cookie}, wallet: hot}';
const OTHER = '{type: bitcoind, url: "http://127.0.0.1:18444", auth: {cookie: ./.cookie}}';

const coin = (backend: string, more = '') => `coins:
  btc:
    network: regtest
    backend: ${backend}
${more === '' ? '' : `    ${more}\n`}`;

const backendsOf = (source: string) => load(source).coins.get('btc')!;

test('several backends are in order of preference, each with a name of its own and its place in the file', () => {
  const third = OTHER.replace('18444', '18445').replace('{type', '{name: bitcoind-2, type');
  const config = backendsOf(coin(`[${OTHER}, ${NODE}, ${third}]`));
  expect(config.backends.map(one => [one.name, one.field, one.type === 'bitcoind' ? one.wallet : one.url])).toEqual([
    ['bitcoind', 'coins.btc.backend[0]', undefined],
    ['bitcoind-3', 'coins.btc.backend[1]', 'hot'],
    ['bitcoind-2', 'coins.btc.backend[2]', undefined],
  ]);
  expect(config.backend).toBe(config.backends[0]);
  expect(config.agreement).toBeUndefined();
});

test('a list of one is a list', () => {
  expect(backendsOf(coin(`[${NODE}]`)).backends.map(({field}) => field)).toEqual(['coins.btc.backend[0]']);
});

test('two sources must agree above an amount, unless more are asked for', () => {
  expect(backendsOf(coin(`[${NODE}, ${OTHER}]`, 'agreement: {above: "1.0"}')).agreement).toEqual({
    above: 100_000_000n,
    sources: 2,
  });
});

const refused: [what: string, source: string, expected: string][] = [
  ['an empty list', coin('[]'), '4:5: coins.btc.backend: names no backend; expected at least one'],
  [
    'one node twice',
    coin(`[${NODE}, ${OTHER.replace('18444', '18443')}]`),
    '4:126: coins.btc.backend[1].url: is the url of backend[0] too; expected another one, or one entry less',
  ],
  [
    'one name twice',
    coin(`[${NODE.replace('{', '{name: a, ')}, ${OTHER.replace('{', '{name: a, ')}]`),
    '4:120: coins.btc.backend[1].name: is the name of backend[0] too; expected another one',
  ],
  [
    'two wallets',
    coin(`[${NODE}, ${OTHER.replace('}}', '}, wallet: other}')}]`),
    '4:187: coins.btc.backend[1].wallet: is a second wallet, and backend[0] has one; expected it at one of them: one ledger is one wallet',
  ],
  [
    'no wallet',
    coin(`[${OTHER}]`),
    '4:5: coins.btc.backend: names no wallet; expected one bitcoind with `wallet: …` in it: addresses and signatures come from its wallet, whichever backend speaks',
  ],
  [
    'a bad value in one of them',
    coin(`[${NODE}, ${OTHER.replace('http:', 'ftp:')}]`),
    "4:126: coins.btc.backend[1].url: is not an http or https URL; expected the node's RPC address such as http://127.0.0.1:8332",
  ],
  [
    'agreement with one backend',
    coin(NODE, 'agreement: {above: "1.0"}'),
    '5:5: coins.btc.agreement.sources: needs a second backend to agree with; expected `backend` to be a list of at least two',
  ],
  [
    'agreement of more backends than there are',
    coin(`[${NODE}, ${OTHER}]`, 'agreement: {above: "1.0", sources: 3}'),
    '5:40: coins.btc.agreement.sources: is more than the 2 backends there are; expected 2 to 2',
  ],
  [
    'agreement of one',
    coin(`[${NODE}, ${OTHER}]`, 'agreement: {above: "1.0", sources: 1}'),
    '5:40: coins.btc.agreement.sources: is the number 1; expected a whole number from 2 to 8',
  ],
];

test.each(refused)('%s is refused at its place', (_, source, expected) => {
  expect(report(source)).toEqual([`config.yaml:${expected}`]);
});
