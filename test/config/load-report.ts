import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import type {Config} from '../../source/config/config.ts';
import {ConfigError} from '../../source/config/config-error.ts';
import {loadConfig} from '../../source/config/load.ts';

export const ENVIRONMENT = {
  BTC_RPC_PASSWORD: 'correct horse battery',
  SHOP_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  CRYPTOASSETS_API_TOKEN: '0123456789abcdef0123456789abcdef',
  SHOP_API_TOKEN: 'fedcba9876543210fedcba9876543210',
  METRICS_TOKEN: '00112233445566778899aabbccddeeff',
};

/** The shortest config that loads. */
export const MINIMAL = `coins:
  btc:
    network: regtest
    backend: {type: bitcoind, url: "http://127.0.0.1:18443", auth: {cookie: ./.cookie}, wallet: hot}
`;

/** MINIMAL with one thing in its place. */
export const withBackend = (backend: string): string => MINIMAL.replace(/backend: .*/, `backend: {${backend}}`);
export const withUrl = (url: string): string => MINIMAL.replace('http://127.0.0.1:18443', url);
export const withAuth = (auth: string): string => MINIMAL.replace('{cookie: ./.cookie}', auth);
export const inCoin = (lines: string): string => `${MINIMAL}    ${lines}\n`;

export const folder = mkdtempSync(join(tmpdir(), 'config-test-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

let count = 0;

/** Writes a config of its own folder and gives its path. */
export const write = (source: string | Buffer): string => {
  count += 1;
  mkdirSync(join(folder, String(count)));
  const path = join(folder, String(count), 'config.yaml');
  writeFileSync(path, source);
  return path;
};

export const load = (source: string | Buffer, environment: Record<string, string> = ENVIRONMENT): Config =>
  loadConfig(write(source), environment);

export const failure = (path: string, environment: Record<string, string> = ENVIRONMENT): ConfigError => {
  try {
    loadConfig(path, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the config was accepted');
};

/** The report of a config that must not load, a line per problem, with the path as `config.yaml`. */
export const report = (source: string | Buffer, environment: Record<string, string> = ENVIRONMENT): string[] => {
  const path = write(source);
  return failure(path, environment).message.replaceAll(path, 'config.yaml').split('\n');
};
