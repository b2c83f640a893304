import type {Deposit} from '../../source/contract/index.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';
import {FREE_SCRIPT, mineFreeCoins, scriptOfAddress, spend, split} from './raw-transactions.ts';
import {type Figure, percentile} from './report.ts';

const PER_SECOND = 20;
const SECONDS = 60;

/**
 * From just before a deposit is handed to the node until the endpoint has read the signed event, at a steady rate.
 * The node's own check of the transaction is inside, so the engine's part is less.
 */
export const depositLatency = async (): Promise<Figure[]> => {
  const world = await World.start();
  try {
    const addresses = await Promise.all(['a', 'b', 'c', 'd'].map(name => world.customer(name)));
    const scripts = await Promise.all(addresses.map(address => scriptOfAddress(world.node, address)));
    const [coin] = await mineFreeCoins(world.node, 1);
    const coins = await split(world.node, coin!, PER_SECOND * SECONDS);
    await world.caughtUp();

    const sentAt = new Map<string, number>();
    const latencies: number[] = [];
    world.receiver.onEvent = ({event, at}) => {
      if (event.type === 'deposit.detected')
        latencies.push(at - (sentAt.get((event.data as Deposit).txid) ?? Number.NaN));
    };
    const begun = performance.now();
    for (const [index, free] of coins.entries()) {
      const due = begun + (index * 1000) / PER_SECOND;
      await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())));
      const {hex, txid} = spend(free, [
        {script: scripts[index % scripts.length]!, amount: 10_000n},
        {script: FREE_SCRIPT, amount: free.amount - 11_000n},
      ]);
      sentAt.set(txid, performance.now());
      await world.node.rpc('sendrawtransaction', [hex]);
    }
    await until('all deposits to be told', () => latencies.length >= coins.length);
    return [
      {
        name: 'deposit -> webhook, p50',
        value: percentile(latencies, 0.5),
        unit: 'ms',
        limit: {of: 'value', at: 10, better: 'below'},
      },
      {
        name: 'deposit -> webhook, p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        limit: {of: 'value', at: 25, better: 'below'},
      },
    ];
  } finally {
    await world.dispose();
  }
};
