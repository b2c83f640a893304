import {expect, test} from 'vitest';
import {load, report} from './load-report.ts';

const coin = (backend: string, name = 'btc', type = 'segwit') => `coins:
  ${name}:
    network: regtest
    backend: {type: electrum, ${backend}}
    wallet: {xpub: tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba, type: ${type}}
`;

const FINGERPRINT = 'AB:'.repeat(31) + 'CD';

test('a server is its address; the rest has defaults', () => {
  expect(load(coin('url: "ssl://electrum.example:50002/"')).coins.get('btc')!.backend).toEqual({
    type: 'electrum',
    name: 'electrum',
    field: 'coins.btc.backend',
    url: 'ssl://electrum.example:50002',
    timeout: 15_000,
    tls: {fingerprint: undefined, ca: undefined},
    limits: {inFlight: 200, batch: 50, message: 32_000_000},
  });
});

test('everything that can be said of a server', () => {
  const text = `url: "ssl://[::1]:50002", timeout: 5s, tls: {fingerprint: "${FINGERPRINT}"}, limits: {in_flight: 10, batch: 1, message_mb: 4}`;
  expect(load(coin(text)).coins.get('btc')!.backend).toMatchObject({
    url: 'ssl://[::1]:50002',
    timeout: 5_000,
    tls: {fingerprint: FINGERPRINT},
    limits: {inFlight: 10, batch: 1, message: 4_000_000},
  });
  expect(load(coin('url: "ssl://a.example:1", tls: {ca: ./server.pem}')).coins.get('btc')!.backend).toMatchObject({
    tls: {ca: expect.stringMatching(/^\/.*\/server\.pem$/) as string},
  });
});

test.each([
  ['url: "https://electrum.example:50002"', /url: is not an Electrum server; expected a server such as ssl:/],
  ['url: "ssl://electrum.example"', /url: names no port/],
  ['url: "ssl://u:p@electrum.example:50002"', /url: holds credentials/],
  ['url: "ssl://electrum.example:50002/x"', /url: has a path/],
  ['url: "tcp://electrum.example:50001"', /url: is not encrypted to another machine: .* expected ssl:/],
  ['url: "tcp://127.0.0.1:50001", tls: {ca: ./x.pem}', /tls: is for ssl:\/\/ servers/],
  ['url: "ssl://a.example:1", tls: {fingerprint: "AB"}', /tls\.fingerprint: is "AB"; expected the SHA-256 fingerprint/],
  [`url: "ssl://a.example:1", tls: {fingerprint: "${FINGERPRINT}", ca: ./x.pem}`, /tls: gives both/],
  ['url: "ssl://a.example:1", tls: {verify: false}', /tls\.verify: is not known here/],
  [
    'url: "ssl://a.example:1", limits: {batch: 0}',
    /limits\.batch: is the number 0; expected a whole number from 1 to 1000/,
  ],
  ['url: "ssl://a.example:1", auth: {cookie: x}', /auth: is not known here/],
])('%s is refused with its reason', (text, words) => {
  expect(report(coin(text))).toEqual([expect.stringMatching(words)]);
});

test('a wallet is needed, as no server has one', () => {
  const text = coin('url: "ssl://a.example:1"').replace(/ {4}wallet.*\n/, '');
  expect(report(text)).toEqual([expect.stringMatching(/coins\.btc\.wallet: is missing, and electrum has none/)]);
});

test('a coin whose headers prove nothing is not taken from a server', () => {
  expect(report(coin('url: "ssl://a.example:1"', 'doge', 'legacy'))).toContainEqual(
    expect.stringMatching(/backend\.type: is electrum, and the work of doge headers cannot be checked here/),
  );
});
