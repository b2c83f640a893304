import {Pool} from 'undici';
import {World} from '../support/world.ts';
import {cpuSeconds} from './process-figures.ts';
import {type Figure, percentile} from './report.ts';

const CLIENTS = 20;
const PAYOUTS = 4000;
const WARM_UP = 500;

/** Payouts that 20 clients ask for, each waiting for its answer: an answer says that the payout is durable. */
export const payoutAcceptance = async (): Promise<Figure[]> => {
  // Long enough that none is gathered meanwhile: this is about taking them in.
  const world = await World.start({broadcastPeriod: '1h'});
  try {
    await world.fundedCustomer('payer', '40', 8);
    const address = await world.outsideAddress();
    const pool = new Pool('http://localhost', {socketPath: world.config.socket, connections: CLIENTS});
    const latencies: number[] = [];
    const ask = async (key: string): Promise<void> => {
      const asked = performance.now();
      const {statusCode, body} = await pool.request({
        method: 'POST',
        path: '/v1/btc/payouts',
        headers: {'content-type': 'application/json', 'idempotency-key': key},
        body: JSON.stringify({account: 'payer', address, amount: '0.0001'}),
      });
      await body.dump();
      if (statusCode !== 201) throw new Error(`payout ${key} was answered with ${statusCode}`);
      latencies.push(performance.now() - asked);
    };
    const askAll = async (name: string, count: number): Promise<void> => {
      let next = 0;
      const client = async () => {
        while (next < count) await ask(`${name}-${next++}`);
      };
      await Promise.all(Array.from({length: CLIENTS}, client));
    };
    await askAll('warm', WARM_UP);
    latencies.length = 0;
    const cpu = cpuSeconds(world.engine.pid);
    const begun = performance.now();
    await askAll('bench', PAYOUTS);
    const seconds = (performance.now() - begun) / 1000;
    const used = cpuSeconds(world.engine.pid) - cpu;
    await pool.close();
    return [
      {
        name: `payouts accepted durably a second, ${CLIENTS} clients`,
        value: PAYOUTS / seconds,
        unit: '/s',
        limit: {of: 'value', at: 500, better: 'above'},
      },
      {name: '  answer, p99', value: percentile(latencies, 0.99), unit: 'ms'},
      {name: '  CPU time of the engine for each', value: (used / PAYOUTS) * 1000, unit: 'ms'},
    ];
  } finally {
    await world.dispose();
  }
};
