import {expect, test} from 'vitest';
import {EngineError} from '../../source/primitives/errors.ts';
import type {BackupManifest} from '../../source/commands/supplies.ts';
import {CONFIG, runVerb} from './run-verb.ts';

const manifest: BackupManifest = {
  made_at: '2026-01-31T12:00:00.000Z',
  ledgers: [
    {coin: 'btc', network: 'regtest', height: 210, sequence: 412, file: 'btc.sqlite', bytes: 40_960, sha256: 'ab'},
  ],
};

test('backup and restore say what they did and what comes next', async () => {
  const asked: string[] = [];
  const supplies = {
    backup: async (_config: unknown, folder: string) => (asked.push(`backup ${folder}`), manifest),
    restore: async (_config: unknown, folder: string) => (asked.push(`restore ${folder}`), manifest),
  };
  const made = await runVerb(['backup', '--to', '/backups/today'], {supplies});
  expect(made.stdout).toMatchInlineSnapshot(`
    "COIN  NETWORK  HEIGHT  LAST EVENT  BYTES  FILE
    btc   regtest     210         412  40960  btc.sqlite
    "
  `);
  expect(made.stderr).toContain(`cryptoassets-console restore ${CONFIG} --backup /backups/today`);
  const back = await runVerb(['restore', '--backup', '/backups/today'], {supplies});
  expect(back.stderr).toContain('payouts resume btc');
  const asJson = await runVerb(['restore', '--backup', '/backups/today', '--json'], {supplies});
  expect(JSON.parse(asJson.stdout)).toEqual({folder: '/backups/today', ...manifest});
  expect(asked).toEqual(['backup /backups/today', 'restore /backups/today', 'restore /backups/today']);
});

test.each([
  ['backup', 64, /backup needs --to NAME\|DIR/],
  ['restore', 64, /restore needs --backup DIR/],
])('%s without a folder is a usage error', async (line, code, words) => {
  expect(await runVerb(line.split(' '))).toMatchObject({code, stderr: expect.stringMatching(words)});
});

test('health tells by its exit code how the engine is', async () => {
  const asked = (status: 'ok' | 'degraded' | 'failing') =>
    runVerb(['health'], {
      application: {health: async () => ({status, reasons: status === 'ok' ? [] : ['btc node down']})},
    });
  expect(await asked('ok')).toMatchObject({code: 0, stdout: 'ok\n'});
  expect(await asked('degraded')).toMatchObject({code: 0, stdout: 'degraded\n  btc node down\n'});
  expect(await asked('failing')).toMatchObject({code: 2, stdout: 'failing\n  btc node down\n'});
  expect(await runVerb(['health'], {via: 'ledger'})).toMatchObject({code: 69, stdout: ''});
});

test('a backup that cannot be made is refused in one line', async () => {
  const supplies = {
    backup: async () => {
      throw new EngineError('already_exists', '/backups/today is not empty; name a folder that is not there yet');
    },
  };
  const {code, stderr} = await runVerb(['backup', '--to', '/backups/today'], {supplies});
  expect([code, stderr]).toEqual([
    1,
    'cryptoassets-console: /backups/today is not empty; name a folder that is not there yet\n',
  ]);
});
