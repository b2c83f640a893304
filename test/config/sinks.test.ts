import {join} from 'node:path';
import {expect, test} from 'vitest';
import {redactedConfig} from '../../source/config/redact.ts';
import {load, MINIMAL, report} from './load-report.ts';

const sink = (fields: string): string => `${MINIMAL}events:\n  x: {${fields}}\n`;
const webhook = (secret: string): string => sink(`type: webhook, url: "https://shop.example/", secret: ${secret}`);
const nats = (fields: string): string => sink(`type: nats, ${fields}`);

test.each([
  [
    'three secrets',
    webhook('["aaaaaaaaaaaaaaaaaaaaaaaa1", "b", "c"]'),
    /events\.x\.secret: is a list; expected one secret, or two/,
  ],
  ['a short second secret', webhook('["${SHOP_WEBHOOK_SECRET}", hunter22]'), /events\.x\.secret\[1\]: is 8 bytes long/],
  ['an empty list of secrets', webhook('[]'), /events\.x\.secret: is a list; expected one secret, or two/],
  [
    'a command that is a text',
    sink('type: script, command: ./on-event.sh'),
    /command: is "\.\/on-event\.sh"; expected a program and its arguments as a list/,
  ],
  ['an empty command', sink('type: script, command: []'), /command: is a list; expected a program/],
  ['a time limit of a day', sink('type: script, command: [a], timeout: 24h'), /timeout: .*from 100ms to 10m/],
  ['a script with a secret', sink('type: script, command: [a], secret: x'), /secret: is not known here/],
  ['no path', sink('type: module'), /events\.x\.path: is missing; expected the path of a JavaScript module/],
  ['a web page as broker', nats('url: "https://nats.example"'), /url: is not a NATS server; expected/],
  [
    'a broker elsewhere without TLS',
    nats('url: "nats://nats.example:4222"'),
    /is not encrypted to another machine; expected tls/,
  ],
  [
    'a password in the URL',
    nats('url: "tls://u:hunter22@nats.example"'),
    /holds credentials; put them into `credentials`/,
  ],
  ['a wildcard', nats('url: "nats://127.0.0.1", subject: "coins.>"'), /is no subject to publish to/],
  [
    'an unknown placeholder',
    nats('url: "nats://127.0.0.1", subject: "coins.{account}"'),
    /has \{account\} in it; only \{coin\} and \{type\}/,
  ],
  ['half a login', nats('url: "nats://127.0.0.1", credentials: {user: u}'), /credentials: is incomplete, or too much/],
  [
    'a misspelt login',
    nats('url: "nats://127.0.0.1", credentials: {usr: u, password: hunter22}'),
    /credentials\.usr: is not known here; did you mean user/,
  ],
])('a sink with %s is refused at its place', (_, source, expected) => {
  const text = report(source).join('\n');
  expect(text).toMatch(expected);
  expect(text).not.toMatch(/hunter22/);
});

test('each kind of sink loads, its paths relative to the config file', () => {
  const config = load(`${MINIMAL}events:
  a: {type: webhook, url: "https://shop.example/", secret: ["\${SHOP_WEBHOOK_SECRET}", "the old one, 24 bytes long"]}
  b: {type: script, command: [./on-event.sh, --now], timeout: 5s, types: [payout.held]}
  c: {type: script, command: [logger]}
  d: {type: module, path: ./handler.mjs, from: 7}
  e: {type: nats, url: "nats://127.0.0.1:4222", stream: COINS}
  f: {type: nats, url: "tls://nats.example", subject: "x.{coin}", credentials: ./nats.creds}
  g: {type: nats, url: "tls://nats.example", credentials: {token: "a token that is secret"}}
`);
  const folder = join(config.path, '..');
  const all = Object.fromEntries(config.sinks);
  expect(all).toMatchObject({
    a: {secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'the old one, 24 bytes long']},
    b: {command: [join(folder, 'on-event.sh'), '--now'], folder, timeout: 5000, types: ['payout.held']},
    c: {command: ['logger'], folder, timeout: 30_000},
    d: {path: join(folder, 'handler.mjs'), from: 7},
    e: {subject: 'cryptoassets.{coin}.{type}', stream: 'COINS', credentials: undefined},
    f: {subject: 'x.{coin}', credentials: {kind: 'file', path: join(folder, 'nats.creds')}},
    g: {credentials: {kind: 'token', token: 'a token that is secret'}},
  });
  const shown = JSON.stringify(redactedConfig(config));
  for (const secret of ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'the old one', 'a token that'])
    expect(shown).not.toContain(secret);
});
