// The console over the fake engine, for tests in a terminal. Run as `console-main.ts <config.json> [--ascii] [--stop]`.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {createApiClient} from '../../../source/api/client.ts';
import type {Config} from '../../../source/config/config.ts';
import {runConsole} from '../../../source/console/run-console.tsx';
import {systemClock} from '../../../source/primitives/clock.ts';

const path = process.argv[2]!;
const folder = dirname(path);
const ledger = join(folder, 'ledger');
const read = () => JSON.parse(readFileSync(path, 'utf8')) as {socket: string; screenFails?: boolean};

const code = await runConsole(
  path,
  {
    ascii: process.argv.includes('--ascii'),
    screenReader: process.argv.includes('--screen-reader'),
    onQuit: process.argv.includes('--stop') ? 'stop' : 'ask',
  },
  {
    loadConfig: () =>
      ({
        path,
        api: {socket: read().socket, listen: undefined, token: undefined},
        service: {broadcastPeriod: 1000, log: {level: 'info', file: undefined}},
      }) as Config,
    createApiClient,
    uninitialisedCoins: async () => (existsSync(ledger) ? [] : ['btc']),
    initialise: async () => {
      if (existsSync(join(folder, 'init-fails')))
        return [
          {
            subject: 'btc: node',
            ok: false,
            words: 'connection refused at 127.0.0.1:18443; start bitcoind, or correct coins.btc.backend.url',
          },
          {subject: 'btc: ledger', ok: true, words: 'nothing created'},
        ];
      writeFileSync(ledger, '');
      return [
        {subject: 'btc: node', ok: true, words: 'regtest, height 101'},
        {subject: 'btc: ledger', ok: true, words: 'created, starts at height 101'},
      ];
    },
    runEngine: async () => 0,
    cliEntry: fileURLToPath(new URL('fake-engine.ts', import.meta.url)),
    clock: systemClock,
  },
);
process.exit(code);
