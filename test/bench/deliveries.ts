import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {writeConfigFile} from '../support/config-file.ts';
import {Engine} from '../support/engine.ts';
import {runProgram} from '../support/program.ts';
import {RegtestNode} from '../support/regtest-node.ts';
import {until} from '../support/until.ts';
import {cpuSeconds} from './process-figures.ts';
import type {Figure} from './report.ts';

const EVENTS = 20_000;
const SECRET = 'a secret that is long enough for this';

/** An endpoint that only answers, and notes the sequences that came. */
const startEndpoint = async () => {
  const sequences: number[] = [];
  let lastAt = 0;
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id']);
    request.resume().on('end', () => {
      sequences.push(Number(id.slice(id.lastIndexOf('_') + 1)));
      lastAt = performance.now();
      response.end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  return {sequences, url: `http://127.0.0.1:${port}/`, lastAt: () => lastAt, close: () => server.close()};
};

const fillOutbox = (ledger: string): void => {
  const sqlite = new Database(ledger);
  const data = JSON.stringify({
    id: '1',
    account: 'shop',
    address: 'bcrt1q'.padEnd(44, 'q'),
    label: null,
    txid: 'f'.repeat(64),
    vout: 0,
    amount: '0.00010000',
    confirmations: 3,
    status: 'credited',
    block_height: 1000,
    block_hash: 'e'.repeat(64),
    coinbase: false,
    first_seen_at: '2026-01-01T00:00:00.000Z',
    credited_at: '2026-01-01T00:00:00.000Z',
  });
  const insert = sqlite.prepare("INSERT INTO event (type, data, created_at) VALUES ('deposit.credited', ?, 1)");
  sqlite.transaction(() => {
    for (let made = 0; made < EVENTS; made += 1) insert.run(data);
  })();
  sqlite.close();
};

/** How fast a full outbox reaches one local endpoint, one after the other and in order. */
export const deliveries = async (): Promise<Figure[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'cac-'));
  const endpoint = await startEndpoint();
  const node = await RegtestNode.start();
  const config = writeConfigFile({directory, node, webhook: {url: endpoint.url, secret: SECRET}});
  const engine = new Engine(config);
  try {
    await node.createWallet('hot');
    const init = await runProgram(['init', '--config', config.path]);
    if (init.code !== 0) throw new Error(`init: ${init.stderr}`);
    // Makes the sink's cursor, from which the events below are counted.
    await engine.start();
    await engine.stop();
    fillOutbox(config.ledger);
    endpoint.sequences.length = 0;
    await engine.start();
    await until('the first delivery', () => endpoint.sequences.length > 0, {every: 1});
    const begun = performance.now();
    const first = endpoint.sequences.length;
    const cpu = cpuSeconds(engine.pid);
    await until('all deliveries', () => endpoint.sequences.length >= EVENTS, {timeout: 120_000, every: 20});
    const seconds = (endpoint.lastAt() - begun) / 1000;
    const used = cpuSeconds(engine.pid) - cpu;
    const delivered = endpoint.sequences.length - first;
    if (endpoint.sequences.some((sequence, index) => index > 0 && sequence !== endpoint.sequences[index - 1]! + 1))
      throw new Error('the events did not come each once and in order');
    return [
      {
        name: `deliveries a second to one endpoint, in order`,
        value: delivered / seconds,
        unit: '/s',
        limit: {of: 'value', at: 2000, better: 'above'},
      },
      {name: '  CPU time of the engine for each', value: (used / delivered) * 1000, unit: 'ms'},
    ];
  } finally {
    await engine.dispose();
    await node.dispose();
    endpoint.close();
    rmSync(directory, {recursive: true, force: true});
  }
};
