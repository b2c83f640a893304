import Database from 'better-sqlite3';
import type {Job} from '../../source/contract/index.ts';
import {Engine} from '../support/engine.ts';
import {until} from '../support/until.ts';
import {catchUpWorld} from './catch-up.ts';
import type {Figure} from './report.ts';

const BLOCKS = 2000;
const PER_BLOCK = 50;
const RUNS = 5;

/** Scripts that nothing pays to, beside those that the chain does. */
const addScripts = (ledger: string, scripts: number): void => {
  const sqlite = new Database(ledger);
  sqlite.pragma('synchronous = OFF');
  const account = sqlite.prepare("SELECT id FROM account WHERE name = 'shop'").pluck().get();
  const there = Number(sqlite.prepare('SELECT count(*) FROM address').pluck().get());
  sqlite
    .prepare(
      `WITH RECURSIVE counted(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < :more)
       INSERT INTO address (address, script, purpose, account_id, created_at)
       SELECT 'bench-' || number, unhex('0014' || hex(randomblob(20))), 'receive', :account, 1 FROM counted`,
    )
    .run({more: scripts - there, account});
  sqlite.close();
};

/** Looks through the whole chain again, which the ledger knows by then, in turn with the node's own rescan of it. */
const measure = async (scripts: number): Promise<Figure> => {
  const world = await catchUpWorld();
  addScripts(world.config.ledger, scripts);
  const engine = new Engine(world.config);
  try {
    await engine.start();
    const tip = await world.node.rpc<number>('getblockcount');
    await until('the ledger to reach the tip', async () => (await engine.api.status()).coins[0]?.height === tip, {
      every: 100,
      timeout: 300_000,
    });
    // The least of several: whatever else the machine does only adds to them.
    let [took, reference] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    let method: string | undefined;
    for (let run = 0; run < RUNS; run += 1) {
      const begun = performance.now();
      await world.node.rpc('rescanblockchain', [0], 'hot');
      reference = Math.min(reference, performance.now() - begun);
      const {id} = await engine.api.post<Job>('/v1/btc/rescans', {});
      const job = await until(
        'the rescan to end',
        async () => {
          const now = await engine.api.get<Job>(`/v1/btc/jobs/${id}`);
          return now.status === 'running' ? undefined : now;
        },
        {every: 50, timeout: 300_000},
      );
      if (job.status !== 'finished' || job.found !== 0 || job.known < 5000) throw new Error(JSON.stringify(job));
      took = Math.min(took, Date.parse(job.ended_at!) - Date.parse(job.created_at));
      method = job.method;
    }
    return {
      name: `rescan of ${BLOCKS} blocks x ${PER_BLOCK}, ${scripts} scripts, by ${method}`,
      value: took,
      unit: 'ms',
      reference: {name: 'rescanblockchain', value: reference},
      ratio: took / reference,
      limit: {of: 'ratio', at: 0.5, better: 'below'},
    };
  } finally {
    await engine.dispose();
    await world.dispose();
  }
};

/** A rescan costs by its blocks, hardly by what is looked for. */
export const rescan = async (): Promise<Figure[]> => [await measure(10_000), await measure(1_000_000)];
