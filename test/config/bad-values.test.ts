import {expect, test} from 'vitest';
import {failure, inCoin, MINIMAL, report, withAuth, withBackend, withUrl, write} from './load-report.ts';

test('everything that is wrong stands in one report, in the order of the file', () => {
  const lines = report(`database:
  url: postgresql://user@host/db
coins:
  btc:
    network: regtset
    confirmations: 20
    max_confirmation_count: 15
    backend:
      type: bitcoind
      url: http://10.0.0.1:8332
      auth: {user: u, password: "\${NOT_SET}"}
      walet: hot
      timeout: 15
      notify:
        - {type: htp, listen: "127.0.0.1:28882"}
    payouts:
      fee: {min_rate: 300, max_rate: 200, paid_by: customer, bogus: 1}
      limits: {per_payout: 1.0, per_day: "1,5"}
  dogee: {}
events:
  shop: {type: webhook, url: "http://shop.example/x", secret: short, types: [deposit.credted]}
  books: {type: script, command: ./on-event.sh}
api:
  listen: 0.0.0.0:18881
service:
  log: {level: inf}
`);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "config.yaml:2:8: database.url: postgresql: is not built yet; supported: sqlite:
    config.yaml:5:14: coins.btc.network: is "regtset"; expected one of mainnet, testnet, testnet4, signet, regtest; did you mean regtest?
    config.yaml:6:20: coins.btc.confirmations: is above max_confirmation_count; expected 1 <= confirmations <= max_confirmation_count
    config.yaml:8:5: coins.btc.backend.wallet: is missing; expected the name of the node's wallet, such as hot
    config.yaml:10:12: coins.btc.backend.url: would send the RPC password unencrypted to another machine; expected https, or an SSH or VPN tunnel that ends at http://127.0.0.1
    config.yaml:11:33: coins.btc.backend.auth.password: the environment variable NOT_SET is not set; expected it to hold this value
    config.yaml:12:7: coins.btc.backend.walet: is not known here; did you mean wallet?
    config.yaml:13:16: coins.btc.backend.timeout: is the number 15; expected a duration such as 500ms, 30s, 5m or 2h, from 100ms to 10m
    config.yaml:15:18: coins.btc.backend.notify[0].type: is not known; expected one of zmq, http, pipe; did you mean http?
    config.yaml:17:23: coins.btc.payouts.fee.min_rate: is above max_rate; expected min_rate <= max_rate
    config.yaml:17:52: coins.btc.payouts.fee.paid_by: is "customer"; expected one of house, account
    config.yaml:17:62: coins.btc.payouts.fee.bogus: is not known here; known: target_blocks, fallback_rate, min_rate, max_rate, paid_by, consolidate_below
    config.yaml:18:28: coins.btc.payouts.limits.per_payout: is the number 1.0; expected an amount as a quoted string such as "1.0"
    config.yaml:18:42: coins.btc.payouts.limits.per_day: amount "1,5" is not a plain decimal number; expected a string such as "1.5" with at most 8 decimals
    config.yaml:19:3: coins.dogee: is not known here; did you mean doge?
    config.yaml:21:30: events.shop.url: is plain http to another machine; expected https (http only to 127.0.0.1, ::1 or localhost)
    config.yaml:21:63: events.shop.secret: is 5 bytes long; expected a secret of at least 24 bytes, or whsec_ and base64 (make one: openssl rand -base64 32)
    config.yaml:21:78: events.shop.types[0]: is "deposit.credted"; expected one of the 24 known; did you mean deposit.credited?
    config.yaml:22:34: events.books.command: is "./on-event.sh"; expected a program and its arguments as a list, such as [./on-event.sh]
    config.yaml:23:1: api.token: is missing; \`listen\` opens the API to every program that can reach the port: set \`token: "\${CRYPTOASSETS_API_TOKEN}"\`
    config.yaml:26:16: service.log.level: is "inf"; expected one of debug, info, warn, error; did you mean info?"
  `);
});

test('problems carry file, line, column and field for a program to read', () => {
  const path = write(MINIMAL.replace('regtest', 'regtset'));
  expect(failure(path).problems).toEqual([
    {
      file: path,
      line: 3,
      column: 14,
      field: 'coins.btc.network',
      message: 'is "regtset"; expected one of mainnet, testnet, testnet4, signet, regtest; did you mean regtest?',
    },
  ]);
});

const refused: [what: string, source: string, expected: string | RegExp][] = [
  ['no coins', 'service: {}\n', '1:1: coins: is missing; expected a mapping with one entry per coin, such as btc'],
  [
    'an empty list of coins',
    'coins: {}\n',
    '1:1: coins: names no coin; supported: btc, ltc, doge, and others with `params`',
  ],
  ['an unknown coin', `${MINIMAL}  bct: {}\n`, '5:3: coins.bct: is not known here; did you mean btc?'],
  ['an empty coin', 'coins: {btc: }\n', '1:9: coins.btc: is empty; expected a mapping with `network` and `backend`'],
  [
    'a list for a mapping',
    `${MINIMAL}api: []\n`,
    '5:1: api: is a list; expected a mapping with `socket`, `listen` and `token`',
  ],
  [
    'camel case',
    `${MINIMAL}service: {broadcastPeriod: 1s}\n`,
    '5:11: service.broadcastPeriod: is not known here; did you mean broadcast_period?',
  ],
  [
    'a key like nothing',
    `${MINIMAL}webinterface: 1\n`,
    '5:1: webinterface: is not known here; known: database, coins, events, api, service',
  ],
  ['a key with control characters', `${MINIMAL}"\\e[31m": 1\n`, /^config\.yaml:5:1: \\u\{1b\}\[31m: is not known/],
  ['constructor as a key', `${MINIMAL}constructor: 1\n`, /^config\.yaml:5:1: constructor: is not known here/],
  ['toString as a coin', `${MINIMAL}  toString: 1\n`, /^config\.yaml:5:3: coins\.toString: is not known here/],

  [
    'confirmations of zero',
    inCoin('confirmations: 0'),
    '5:20: coins.btc.confirmations: is the number 0; expected a whole number from 1 to 1000',
  ],
  ['half a confirmation', inCoin('confirmations: 1.5'), /is the number 1\.5; expected a whole number/],
  ['confirmations in quotes', inCoin('confirmations: "3"'), /is "3"; expected a whole number/],
  ['infinite confirmations', inCoin('confirmations: .inf'), /is the number \.inf; expected a whole number/],
  [
    'a number too large to be exact',
    inCoin('confirmations: 99999999999999999999'),
    /is the number 99999999999999999999; expected a whole/,
  ],
  ['more confirmations than are tracked', inCoin('confirmations: 16'), /is above max_confirmation_count/],

  [
    'a mistyped backend',
    withBackend('type: bitcoin'),
    /type: is not known; expected one of bitcoind, esplora, electrum, blockio; did you mean bitcoind\?$/,
  ],
  [
    'a backend without type',
    withBackend('url: x'),
    /type: is missing; expected one of bitcoind, esplora, electrum, blockio$/,
  ],
  [
    'notify on no address',
    withBackend(
      'type: bitcoind, url: "http://127.0.0.1:1", auth: {cookie: c}, wallet: w, notify: [{type: http, listen: x}]',
    ),
    /notify\[0\]\.listen: is not an address; expected host:port/,
  ],
  [
    'notify by a pipe of no name',
    withBackend('type: bitcoind, url: "http://127.0.0.1:1", auth: {cookie: c}, wallet: w, notify: [{type: pipe}]'),
    /notify\[0\]\.path: is missing; expected the path of a named pipe/,
  ],
  [
    'a zmq address that is none',
    withBackend(
      'type: bitcoind, url: "http://127.0.0.1:1", auth: {cookie: c}, wallet: w, notify: [{type: zmq, url: "tcp://*:1"}]',
    ),
    /is "tcp:\/\/\*:1"; expected a publisher/,
  ],
  [
    'a timeout without unit',
    withBackend('type: bitcoind, url: "http://127.0.0.1:1", auth: {cookie: c}, wallet: w, timeout: 15'),
    /is the number 15; expected a duration such as/,
  ],
  [
    'a timeout of a day',
    withBackend('type: bitcoind, url: "http://127.0.0.1:1", auth: {cookie: c}, wallet: w, timeout: 24h'),
    /is "24h"; expected a duration .* to 10m/,
  ],
  [
    'a wallet name with a line break',
    withBackend('type: bitcoind, url: "http://127.0.0.1:1", auth: {cookie: c}, wallet: "a\\nb"'),
    /without control characters/,
  ],

  ['RPC to another machine without TLS', withUrl('http://10.0.0.1:8332'), /would send the RPC password unencrypted/],
  [
    'RPC to a name that is not loopback',
    withUrl('http://localhost.evil.example:8332'),
    /would send the RPC password unencrypted/,
  ],
  [
    'a password in the RPC URL',
    withUrl('http://u:hunter22@127.0.0.1:8332'),
    '4:36: coins.btc.backend.url: holds credentials; put them into `auth`',
  ],
  ['a wallet in the RPC URL', withUrl('http://127.0.0.1:8332/wallet/hot'), /names a wallet/],
  ['an RPC URL that is none', withUrl('127.0.0.1:8332'), /is not an http or https URL/],

  ['no auth', withAuth('{}'), /auth: is empty; expected \{cookie: /],
  ['cookie and password', withAuth('{cookie: c, user: u, password: p}'), /gives both a cookie and a password/],
  ['a user without password', withAuth('{user: u}'), /lacks `password`/],
  [
    'a password that is a number',
    withAuth('{user: u, password: 123456}'),
    /password: is a number; put it in quotes; expected/,
  ],
  [
    'the cookie of mainnet on a test network',
    withAuth('{cookie: /home/shop/.bitcoin/.cookie}'),
    /is the cookie of a mainnet node, but `network` is regtest/,
  ],
  [
    'the cookie of another test network',
    withAuth('{cookie: /home/shop/.bitcoin/signet/.cookie}'),
    /is the cookie of a signet node, but `network` is regtest/,
  ],
  [
    'the cookie of a test network on mainnet',
    withAuth('{cookie: /x/regtest/.cookie}').replace('network: regtest', 'network: mainnet'),
    /is the cookie of a regtest node, but `network` is mainnet/,
  ],

  ['min_rate above max_rate', inCoin('payouts: {fee: {min_rate: 300}}'), /min_rate: is above max_rate/],
  [
    'min_rate above max_rate beside another mistake',
    inCoin('payouts: {fee: {min_rate: 300, x: 1}}'),
    /min_rate: is above max_rate[\s\S]*x: is not known/,
  ],
  [
    'a fallback above max_rate',
    inCoin('payouts: {fee: {fallback_rate: 300}}'),
    /fallback_rate: is not between min_rate and max_rate/,
  ],
  ['a negative feerate', inCoin('payouts: {fee: {min_rate: -1}}'), /is the number -1; expected a feerate/],
  [
    'fees paid by somebody else',
    inCoin('payouts: {fee: {paid_by: acount}}'),
    '5:30: coins.btc.payouts.fee.paid_by: is "acount"; expected one of house, account; did you mean account?',
  ],
  [
    'a list of addresses in a file that is not there',
    inCoin('payouts: {allow: ./nobody.txt}'),
    /payouts\.allow: is a file that cannot be read \(ENOENT\)/,
  ],
  [
    'a list of addresses that is none',
    inCoin('payouts: {allow: 7}'),
    /payouts\.allow: .*expected a list of addresses, or the path of a file/,
  ],
  [
    'an amount as a number',
    inCoin('payouts: {limits: {per_payout: 1.5}}'),
    '5:36: coins.btc.payouts.limits.per_payout: is the number 1.5; expected an amount as a quoted string such as "1.0"',
  ],
  [
    'an amount with a comma',
    inCoin('payouts: {limits: {per_day: "1,5"}}'),
    /amount "1,5" is not a plain decimal number/,
  ],
  ['nine decimals', inCoin('payouts: {limits: {per_day: "0.000000001"}}'), /has 9 decimals/],
  ['an exponent', inCoin('payouts: {limits: {per_day: "1e-8"}}'), /not a plain decimal number/],
  ['a negative amount', inCoin('payouts: {limits: {per_day: "-1"}}'), /not a plain decimal number/],
  ['more than the supply', inCoin('payouts: {limits: {per_day: "21000001"}}'), /is more BTC than will ever exist/],

  [
    'a postgresql ledger',
    `database: {url: "postgresql://u:secretword@host/db"}\n${MINIMAL}`,
    '1:17: database.url: postgresql: is not built yet; supported: sqlite:',
  ],
  [
    'one file for two coins',
    `database: {url: "sqlite:./one.sqlite"}\n${MINIMAL}  ltc: {}\n`,
    /database\.url: is one file for several coins; expected \{coin\}/,
  ],
  ['a ledger in memory', `database: {url: "sqlite::memory:"}\n${MINIMAL}`, /is no file on this machine/],
  [
    'an unknown placeholder',
    `database: {url: "sqlite:./{COIN}.sqlite"}\n${MINIMAL}`,
    /has \{COIN\} in it; only \{coin\} is filled in/,
  ],

  [
    'listen without a token',
    `${MINIMAL}api: {listen: "0.0.0.0:18881"}\n`,
    /^config\.yaml:5:1: api\.token: is missing; `listen` opens the API/,
  ],
  ['listen on loopback without a token', `${MINIMAL}api: {listen: "127.0.0.1:18881"}\n`, /api\.token: is missing/],
  [
    'a short token',
    `${MINIMAL}api: {listen: "127.0.0.1:18881", token: hunter22}\n`,
    /^config\.yaml:5:41: api\.token: does not fit; expected a token of at least 16 characters/,
  ],
  [
    'a token without a scope',
    `${MINIMAL}api: {tokens: [{name: shop, token: "\${SHOP_API_TOKEN}", scopes: []}]}\n`,
    /api\.tokens\[0\]\.scopes: is a list; expected a list of what it may do, of read, receive, pay, operate$/,
  ],
  [
    'a scope that is none',
    `${MINIMAL}api: {tokens: [{name: shop, token: "\${SHOP_API_TOKEN}", scopes: [raed]}]}\n`,
    /api\.tokens\[0\]\.scopes\[0\]: is "raed"; expected one of read, receive, pay, operate; did you mean read\?$/,
  ],
  [
    'a token with a name of the program',
    `${MINIMAL}api: {tokens: [{name: local, token: "\${SHOP_API_TOKEN}", scopes: [read]}]}\n`,
    /api\.tokens\[0\]\.name: is taken by the program itself/,
  ],
  [
    'one token under two names',
    `${MINIMAL}api:\n  tokens:\n    - {name: a, token: "\${SHOP_API_TOKEN}", scopes: [read]}\n    - {name: b, token: "\${SHOP_API_TOKEN}", scopes: [pay]}\n`,
    /^config\.yaml:8:\d+: api\.tokens\[1\]\.token: is there twice; expected one of its own$/,
  ],
  [
    'one name for two tokens',
    `${MINIMAL}api:\n  tokens:\n    - {name: a, token: "\${SHOP_API_TOKEN}", scopes: [read]}\n    - {name: a, token: "\${METRICS_TOKEN}", scopes: [pay]}\n`,
    /^config\.yaml:8:\d+: api\.tokens\[1\]\.name: is there twice; expected one of its own$/,
  ],
  [
    'the token of all scopes among the others',
    `${MINIMAL}api: {token: "\${SHOP_API_TOKEN}", tokens: [{name: a, token: "\${SHOP_API_TOKEN}", scopes: [read]}]}\n`,
    /api: has `token` among `tokens` too; expected another one$/,
  ],
  [
    'a port that is none',
    `${MINIMAL}api: {listen: "127.0.0.1:99999", token: "\${CRYPTOASSETS_API_TOKEN}"}\n`,
    /is not an address; expected host:port/,
  ],
  [
    'a socket path too long for a unix socket',
    `${MINIMAL}api: {socket: "/tmp/${'x'.repeat(103)}"}\n`,
    /^config\.yaml:5:15: api\.socket: is 108 bytes long as an absolute path, and unix sockets take 107; set api\.socket to a shorter path/,
  ],

  [
    'a sink of no known type',
    `${MINIMAL}events: {x: {type: scrpt, command: [a]}}\n`,
    /events\.x\.type: is not known; expected one of webhook, script, module, nats; did you mean script\?$/,
  ],
  [
    'a sink name with a space',
    `${MINIMAL}events:\n  "a b": {type: webhook, url: "https://a.example", secret: "\${SHOP_WEBHOOK_SECRET}"}\n`,
    /events\.a b: is no name for a sink/,
  ],
];

test.each(refused)('%s is refused at its place', (_, source, expected) => {
  const text = report(source).join('\n');
  if (typeof expected === 'string') expect(text).toBe(`config.yaml:${expected}`);
  else expect(text).toMatch(expected);
  expect(text).not.toMatch(/hunter22|secretword/);
});

test('every unset variable is named where it is used, and nothing else is said about that field', () => {
  const source = `${withAuth('{user: "${A_USER}", password: "${A_PASSWORD}"}')}api: {listen: "127.0.0.1:1", token: "\${A_TOKEN}"}\n`;
  expect(report(source, {})).toEqual([
    'config.yaml:4:75: coins.btc.backend.auth.user: the environment variable A_USER is not set; expected it to hold this value',
    'config.yaml:4:98: coins.btc.backend.auth.password: the environment variable A_PASSWORD is not set; expected it to hold this value',
    'config.yaml:5:37: api.token: the environment variable A_TOKEN is not set; expected it to hold this value',
  ]);
});

test('a variable that is set to nothing is named', () => {
  expect(report(withAuth('{user: u, password: "${EMPTY}"}'), {EMPTY: ''})).toEqual([
    'config.yaml:4:88: coins.btc.backend.auth.password: is empty: the environment variable in ${EMPTY} is set to nothing',
  ]);
});

test('a value from a variable is shown as it is written, never as what it holds', () => {
  expect(report(MINIMAL.replace('regtest', '"${NETWORK}"'), {NETWORK: 'hunter22'})).toEqual([
    expect.stringContaining('is "${NETWORK}"; expected one of mainnet'),
  ]);
});

test('a mistyped variable is refused', () => {
  expect(report(MINIMAL.replace('regtest', '"${NET-WORK}"'))).toContainEqual(
    expect.stringContaining('coins.btc.network: has a "${" that is no variable'),
  );
});
