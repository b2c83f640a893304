import {openElectrum} from '../support/electrum.ts';
import {ElectrumServer} from '../support/electrum-server/index.ts';
import {ADDRESSES, manyAddresses, syncAll} from './many-addresses.ts';
import type {Figure} from './report.ts';

/** A source that is told of every address, on a server of this process: what it asks counts, and how long it takes here. */
export const electrumSync = async (): Promise<Figure[]> => {
  const world = await manyAddresses();
  const {node, refs} = world;
  const server = await ElectrumServer.start({node, every: 60_000});
  try {
    const backend = openElectrum(server.url);
    const wall = await syncAll(backend.chain, refs);
    await backend.close();
    const count = (beginning: string) =>
      [...server.asked].filter(([method]) => method.startsWith(beginning)).reduce((sum, [, times]) => sum + times, 0);
    const requests = count('');
    // Statuses and histories; transactions are asked for only when the ledger lacks them.
    const learning = count('blockchain.scripthash.');
    const name = `electrum, ${ADDRESSES} addresses over ${refs.length} blocks`;
    return [
      {name: `${name}: requests per address`, value: requests / ADDRESSES, unit: 'requests'},
      {name: `${name}: of them at every start`, value: learning / ADDRESSES, unit: 'requests'},
      {name: `${name}: requests a second`, value: requests / (wall / 1000), unit: '/s'},
      {name: `${name}: addresses a second`, value: ADDRESSES / (wall / 1000), unit: '/s'},
    ];
  } finally {
    await server.close();
    await world.dispose();
  }
};
