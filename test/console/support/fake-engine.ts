// An engine without ledger or node behind the real API server: answers with statuses that tell a small story, so that
// hosting, attaching and drawing can be tried alone. Run as `fake-engine.ts <config.json> --headless`.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {startApi} from '../../../source/api/start-api.ts';
import type {Status} from '../../../source/contract/index.ts';
import type {Application} from '../../../source/engine/application.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import {noMeter} from '../../../source/primitives/meter.ts';
import {silentLog} from '../../../source/primitives/log.ts';
import {calm, coin, deposit, event, payout, statusOf} from './statuses.ts';

const path = process.argv[2]!;
const folder = dirname(path);
// `quiet`: statuses without news, as of an engine that nothing happens to.
const {
  socket,
  rate = 1,
  quiet = false,
} = JSON.parse(readFileSync(path, 'utf8')) as {
  socket: string;
  rate?: number;
  quiet?: boolean;
};
const started = Date.now();
const iso = (ms: number) => new Date(ms).toISOString();

// Tests write what the engine is to do: end with that exit code at start.
const endPath = join(folder, 'exit-code');
if (existsSync(endPath)) {
  console.error(JSON.stringify({level: 50, msg: 'coins.btc.backend.url: not a url'}));
  process.exit(Number(readFileSync(endPath, 'utf8')));
}

let job: Status['coins'][number]['jobs'][number] | undefined;
let sequence = 412;

/** Events a second, as a test or a bench asks for while it runs; told twice a second, as an engine does. */
const newsPath = join(folder, 'news');
const newsPerSecond = (): number => (existsSync(newsPath) ? Number(readFileSync(newsPath, 'utf8')) : 0);

const labelPath = join(folder, 'label');
const next = (): Status => {
  const now = Date.now();
  const isDown = existsSync(join(folder, 'node-down'));
  const news = newsPerSecond();
  if (news > 0) sequence += Math.round(news / 2);
  else if (!quiet) sequence += rate;
  if (job?.status === 'running') {
    const at = Math.min(job.to_height, job.at_height + 400);
    job = {
      ...job,
      at_height: at,
      status: at === job.to_height ? 'finished' : 'running',
      eta_seconds: 3,
      blocks_per_second: 800,
    };
  }
  const shifted = (status: Status): Status =>
    JSON.parse(
      JSON.stringify(status).replace(/"(2026-01-31T[^"]+)"/g, (_, time: string) =>
        JSON.stringify(iso(started + Date.parse(time) - Date.parse(calm.at))),
      ),
    ) as Status;
  const label = existsSync(labelPath) ? readFileSync(labelPath, 'utf8') : 'rent';
  const status = shifted(
    statusOf({
      coins: [
        coin({
          network: 'regtest',
          pending: [...coin().pending, payout(99_001, {label, account: label.slice(0, 60)})],
          jobs: job ? [job] : [],
        }),
      ],
      events: Array.from({length: 50}, (_, index) => event(sequence - index, {data: deposit(sequence - index)})),
    }),
  );
  const btc = status.coins[0]!;
  btc.backend = isDown
    ? {...btc.backend, state: 'down', reason: 'connection refused; is bitcoind running?', since: iso(now)}
    : {
        ...btc.backend,
        last_seen_at: iso(now),
        latency_ms: btc.backend.latency_ms.map(value => value + Math.random() * 9),
      };
  return {
    ...status,
    // What no engine says: the screen fails on it.
    ...(existsSync(join(folder, 'bad-status')) ? {coins: null as never} : {}),
    at: iso(now),
    engine: {...status.engine, pid: process.pid, started_at: iso(started), state: isDown ? 'degraded' : 'running'},
    loops: status.loops.map((loop, index) => Object.assign(loop, {last_ok_at: iso(now - index * 700)})),
  };
};

const unknown = () => {
  throw new EngineError('not_found', 'not in this engine');
};
const application: Application = new Proxy({} as Application, {
  get(_, name) {
    if (name === 'then') return undefined;
    if (name === 'as') return () => application;
    if (name === 'attendConsole') return async () => ({items: [], expires_in: 15});
    if (name === 'leaveConsole') return async () => undefined;
    if (name === 'deposits' || name === 'payouts' || name === 'events' || name === 'log' || name === 'jobs')
      return async () => ({items: [], next: null});
    if (name === 'status') return async () => next();
    if (name === 'health') return async () => ({status: 'ok', reasons: []});
    if (name === 'stop')
      return async () => {
        writeFileSync(join(folder, 'stopped'), 'by the API');
        setTimeout(() => process.exit(0), 300);
      };
    if (name === 'estimateRescan')
      return async (_coin: string, from?: number | string) => ({
        from_height: Number(from ?? 905_000),
        to_height: 912_344,
        scripts: 4_410,
        method: 'scanblocks',
        plans: [
          {method: 'scanblocks', seconds: 41, bytes: 9_000_000, requests: 4, blocks: 12, complete: true},
          {method: 'blocks', seconds: 252, bytes: 24_000_000_000, requests: 5_000, blocks: 7_345, complete: true},
        ],
      });
    if (name === 'startRescan')
      return async (_coin: string, from?: number | string) => {
        const height = Number(from ?? 905_000);
        writeFileSync(join(folder, 'rescans'), `${height}\n`, {flag: 'a'});
        job = {
          id: '7',
          kind: 'rescan',
          status: 'running',
          from_height: height,
          to_height: 912_344,
          at_height: height,
          known: 1,
          found: 2,
          changed: 0,
          created_at: iso(Date.now()),
        };
        return job;
      };
    if (name === 'cancelJob') return async () => (job = {...job!, status: 'cancelled', ended_at: iso(Date.now())});
    if (name === 'stream')
      return async function* (signal: AbortSignal) {
        while (!signal.aborted) {
          yield next();
          await new Promise(resolve => setTimeout(resolve, newsPerSecond() > 0 ? 500 : 1000 / rate));
        }
      };
    return unknown;
  },
});

await startApi(
  application,
  {socket, listen: undefined, token: undefined, tokens: [], rateLimit: 1000},
  {log: silentLog, version: '0.1.0', meter: noMeter, metrics: async () => ''},
);
process.on('SIGTERM', () => process.exit(0));
