import {expect, test} from 'vitest';
import {MINIMAL, report} from './load-report.ts';

const cases: [what: string, source: string, ...expected: string[]][] = [
  ['a tab', 'coins:\n\tbtc: {}\n', 'config.yaml:2:1: a tab is used for indentation; YAML allows only spaces there'],
  ['an open string', 'coins: "btc\n', expect.stringMatching(/^config\.yaml:2:1: is not valid YAML: /) as string],
  [
    'bad indentation',
    'coins:\n  btc: x: y\n',
    expect.stringMatching(/^config\.yaml:2:\d+: is not valid YAML: /) as string,
  ],
  [
    'an unquoted variable in a flow mapping',
    'coins: {btc: {network: ${NET}}}\n',
    'config.yaml:1:25: a `${VAR}` inside `{…}` or `[…]` must be quoted: "${VAR}"',
  ],
  ['a duplicate key', `${MINIMAL}coins: {}\n`, 'config.yaml:5:1: coins: is given twice; the first is on line 1'],
  [
    'a duplicate key deep inside',
    MINIMAL.replace('network: regtest', 'network: regtest\n    network: mainnet'),
    'config.yaml:4:5: coins.btc.network: is given twice; the first is on line 3',
  ],
  [
    'a custom tag',
    MINIMAL.replace('regtest', '!env NET'),
    'config.yaml:3:14: coins.btc.network: has the tag !env; expected plain YAML without tags',
    'config.yaml:3:19: coins.btc.network: is "NET"; expected one of mainnet, testnet, testnet4, signet, regtest',
  ],
  [
    'a tag that would make an object elsewhere',
    `${MINIMAL}service: !!js/function 'x'\n`,
    'config.yaml:5:10: service: has the tag !!js/function; expected plain YAML without tags',
    'config.yaml:5:24: service: is "x"; expected a mapping with `broadcast_period` and `log`',
  ],
  ['__proto__', `${MINIMAL}__proto__: {token: x}\n`, 'config.yaml:5:1: __proto__: is not a key of this file'],
  [
    '__proto__ inside',
    `${MINIMAL}api:\n  __proto__: {listen: x}\n`,
    'config.yaml:6:3: api.__proto__: is not a key of this file',
  ],
  [
    'a merge key',
    `${MINIMAL}service:\n  <<: {a: 1}\n`,
    'config.yaml:6:3: service.<<: merge keys (<<) are not supported; write the keys out, or alias one value (*name)',
  ],
  [
    'a key that is a list',
    `${MINIMAL}? [a, b]\n: 1\n`,
    'config.yaml:5:3: ?: a key is a list or a mapping; expected a plain name',
  ],
  [
    'an unknown alias',
    `${MINIMAL}service: *nothing\n`,
    'config.yaml:5:10: service: *nothing points at nothing above it; expected a value or a known anchor',
    'config.yaml:5:10: service: is empty; expected a mapping with `broadcast_period` and `log`',
  ],
  [
    'an alias inside its own anchor',
    `${MINIMAL}service: &s {log: *s}\n`,
    'config.yaml:5:19: service.log: *s points at nothing above it; expected a value or a known anchor',
    'config.yaml:5:19: service.log: is empty; expected a mapping with `level` and `file`',
  ],
  [
    'a second document',
    `${MINIMAL}---\ncoins: {}\n`,
    'config.yaml:6:1: a second YAML document begins; expected one (remove the `---`)',
  ],
  [
    'a list',
    '- coins\n',
    'config.yaml:1:1: is not a config; expected sections such as `coins:` and `database:` at the top level',
  ],
  [
    'a word',
    'coins\n',
    'config.yaml:1:1: is not a config; expected sections such as `coins:` and `database:` at the top level',
  ],
];

test.each(cases)('%s is refused at its place', (_, source, ...expected) => {
  expect(report(source)).toEqual(expected);
});

test('an alias bomb is refused at once, before it is filled in', () => {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level += 1) {
    const [name, below] = ['abcdefghi'[level]!, 'abcdefghi'[level - 1]!];
    lines.push(`${name}: &${name} [${Array.from({length: 10}, () => `*${below}`).join(', ')}]`);
  }
  expect(report(`${lines.join('\n')}\n${MINIMAL}`)).toEqual([
    expect.stringMatching(/^config\.yaml:4:\d+: d(\[\d\])?: holds more than 10000 values once its aliases/),
  ]);
});

test('nesting without end is refused', () => {
  expect(report(`coins: ${'['.repeat(5000)}\n`)).toEqual([
    expect.stringMatching(/^config\.yaml:1:\d+: is not valid YAML/),
  ]);
});
