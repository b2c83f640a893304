import {Pool} from 'undici';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';
import type {Figure} from './report.ts';

const PAYOUTS = 1000;

interface MempoolTransaction {
  readonly vout: {scriptPubKey: {address?: string}}[];
}

/** How many of these addresses a transaction in the mempool pays. */
const inMempool = async (world: World, addresses: ReadonlySet<string>): Promise<number> => {
  const txids = await world.node.rpc<string[]>('getrawmempool');
  const transactions = await world.node.batch<MempoolTransaction>(
    txids.map(txid => ['getrawtransaction', [txid, 1]] as const),
  );
  return transactions.flatMap(({vout}) => vout).filter(({scriptPubKey}) => addresses.has(scriptPubKey.address ?? ''))
    .length;
};

/** 1,000 payouts from the first API call until the node's mempool holds them all, beside 1,000 sendtoaddress calls. */
export const payoutThroughput = async (): Promise<Figure[]> => {
  const world = await World.start({broadcastPeriod: '100ms'});
  try {
    await world.fundedCustomer('payer', '40', 8);
    const addresses = await Promise.all(Array.from({length: PAYOUTS}, () => world.outsideAddress()));

    const pool = new Pool('http://localhost', {socketPath: world.config.socket, connections: 32});
    const begun = performance.now();
    const answers = await Promise.all(
      addresses.map(async (address, index) => {
        const {statusCode, body} = await pool.request({
          method: 'POST',
          path: '/v1/btc/payouts',
          headers: {'content-type': 'application/json', 'idempotency-key': `bench-${index}`},
          body: JSON.stringify({account: 'payer', address, amount: '0.01'}),
        });
        await body.dump();
        return statusCode;
      }),
    );
    const accepted = performance.now() - begun;
    const wanted = new Set(addresses);
    await until('all to be in the mempool', async () => (await inMempool(world, wanted)) === PAYOUTS, {
      every: 10,
      timeout: 60_000,
    });
    const ours = performance.now() - begun;
    await pool.close();
    if (answers.some(status => status !== 201)) throw new Error('not every payout was accepted');

    await world.mine(1);
    const others = await Promise.all(Array.from({length: PAYOUTS}, () => world.outsideAddress()));
    let nodes = 0;
    for (const [index, address] of others.entries()) {
      const called = performance.now();
      await world.node.rpc('sendtoaddress', [address, '0.01'], 'outside');
      nodes += performance.now() - called;
      // Not counted: a block keeps the node's own chains of change below its limit of 25.
      if (index % 200 === 199) await world.mine(1);
    }
    return [
      {
        name: `${PAYOUTS} payouts until in the mempool`,
        value: ours,
        unit: 'ms',
        reference: {name: `${PAYOUTS} sendtoaddress`, value: nodes},
        ratio: nodes / ours,
        limit: {of: 'ratio', at: 20, better: 'above'},
      },
      {name: `${PAYOUTS} payouts accepted by the API`, value: accepted, unit: 'ms'},
    ];
  } finally {
    await world.dispose();
  }
};
