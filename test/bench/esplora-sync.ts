import type {ScanMethod} from '../../source/backends/esplora/scan-plan.ts';
import {openEsplora} from '../support/esplora.ts';
import {EsploraServer} from '../support/esplora-server/index.ts';
import {ADDRESSES, manyAddresses, syncAll} from './many-addresses.ts';
import type {Figure} from './report.ts';

/** What a public server is asked a second, unless the config says otherwise. */
const PUBLIC_BUDGET = 5;

/** Both ways to look at a gap, on a server of this process: what they cost counts, and how long they take here. */
export const esploraSync = async (): Promise<Figure[]> => {
  const world = await manyAddresses();
  const {node, refs} = world;
  const server = await EsploraServer.start(node);
  try {
    await server.index.sync();
    // The chain stands still: the server need not ask its node again for each request.
    server.index.freshFor = Number.POSITIVE_INFINITY;
    const figures: Figure[] = [];
    for (const method of ['histories', 'blocks'] as const satisfies readonly ScanMethod[]) {
      const backend = openEsplora(server.url, {method, requestsPerSecond: 10_000});
      const wall = await syncAll(backend.chain, refs);
      const {requests, bytes} = backend.spent();
      await backend.close();
      const name = `esplora, ${ADDRESSES} addresses over ${refs.length} blocks by ${method}`;
      figures.push(
        {name: `${name}: requests per address`, value: requests / ADDRESSES, unit: 'requests'},
        {name: `${name}: requests a second`, value: requests / (wall / 1000), unit: '/s'},
        {name: `${name}: addresses a second`, value: ADDRESSES / (wall / 1000), unit: '/s'},
        {name: `${name}: bytes`, value: bytes / 1e6, unit: 'MB'},
        {
          name: `${name}: at most, on a public server at ${PUBLIC_BUDGET} a second`,
          value: requests / PUBLIC_BUDGET,
          unit: 's',
        },
      );
    }
    return figures;
  } finally {
    await server.close();
    await world.dispose();
  }
};
