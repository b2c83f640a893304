import {expect, test} from 'vitest';
import {load, report} from './load-report.ts';

const coin = (backend: string) => `coins:
  btc:
    network: regtest
    backend: {type: esplora, ${backend}}
    wallet: {xpub: tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba, type: segwit}
`;

test('a public server is its address; it is asked 5 times a second', () => {
  expect(load(coin('url: "https://blockstream.info/testnet/api/"')).coins.get('btc')!.backend).toEqual({
    type: 'esplora',
    name: 'esplora',
    field: 'coins.btc.backend',
    url: 'https://blockstream.info/testnet/api',
    websocket: undefined,
    timeout: 15_000,
    requestsPerSecond: 5,
    parallel: 4,
  });
});

test('a server on this machine may be asked as often as one likes, and everything can be said', () => {
  expect(load(coin('url: "http://127.0.0.1:3002"')).coins.get('btc')!.backend).toMatchObject({
    url: 'http://127.0.0.1:3002',
    requestsPerSecond: 500,
    parallel: 8,
  });
  const text =
    'url: "https://mempool.space/api", websocket: "wss://mempool.space/api/v1/ws", timeout: 30s, requests_per_second: 1, parallel: 2';
  expect(load(coin(text)).coins.get('btc')!.backend).toMatchObject({
    websocket: 'wss://mempool.space/api/v1/ws',
    timeout: 30_000,
    requestsPerSecond: 1,
    parallel: 2,
  });
});

const url = 'url: "https://x.example/api"';
test.each([
  ['url: "ssl://x.example"', /url: is not a https:\/\/ URL; expected a server's API such as https:/],
  ['url: "http://x.example/api"', /url: is not encrypted to another machine: .* expected https:/],
  ['url: "https://u:p@x.example/api"', /url: holds credentials, which/],
  ['url: "https://x.example/api?key=1"', /url: has a query or fragment/],
  [`${url}, websocket: "https://x.example/ws"`, /websocket: is not a wss:\/\/ URL/],
  [`${url}, websocket: "ws://x.example/ws"`, /websocket: is not encrypted/],
  [`${url}, requests_per_second: 0`, /requests_per_second: is the number 0; expected a whole number from 1 to 10000/],
  [`${url}, parallel: 1000`, /parallel: is the number 1000; expected a whole number from 1 to 64/],
  [`${url}, wallet: hot`, /backend\.wallet: is not known here/],
])('%s is refused with its reason', (text, words) => {
  expect(report(coin(text))).toEqual([expect.stringMatching(words)]);
});

test('a wallet is needed, as no server has one', () => {
  const text = coin(url).replace(/ {4}wallet.*\n/, '');
  expect(report(text)).toEqual([expect.stringMatching(/coins\.btc\.wallet: is missing, and esplora has none/)]);
});
