import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {folder, load, MINIMAL, report} from './load-report.ts';

const CREDENTIALS = join(folder, 'credentials');
mkdirSync(CREDENTIALS);
const SOURCE = `${MINIMAL}events: {shop: {type: webhook, url: "https://shop.example/\${PLACE}", secret: "\${SHOP_SECRET}"}}\n`;

test('what the environment does not have is read from the credential of that name, and is secret', () => {
  writeFileSync(join(CREDENTIALS, 'SHOP_SECRET'), 'a secret of more than 24 bytes\n');
  writeFileSync(join(CREDENTIALS, 'PLACE'), 'hidden-place');
  const config = load(SOURCE, {CREDENTIALS_DIRECTORY: CREDENTIALS});
  expect(config.sinks.get('shop')).toMatchObject({
    url: 'https://shop.example/hidden-place',
    secrets: ['a secret of more than 24 bytes'],
  });
  expect(config.secrets).toEqual(expect.arrayContaining(['hidden-place', 'a secret of more than 24 bytes']));
  const own = load(SOURCE, {CREDENTIALS_DIRECTORY: CREDENTIALS, PLACE: 'from-the-environment'});
  expect(own.sinks.get('shop')).toMatchObject({url: 'https://shop.example/from-the-environment'});
});

test('one that is nowhere is named', () => {
  const source = SOURCE.replace('PLACE', 'NOWHERE');
  expect(report(source, {CREDENTIALS_DIRECTORY: CREDENTIALS}).join('\n')).toMatch(
    /the environment variable NOWHERE is not set, and there is no credential of that name; expected/,
  );
  expect(report(source, {SHOP_SECRET: 'x'.repeat(24)}).join('\n')).toMatch(/variable NOWHERE is not set; expected/);
});
