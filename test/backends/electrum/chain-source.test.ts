import {chainSourceContract} from '../../support/chain-source-contract.ts';
import {openElectrum} from '../../support/electrum.ts';
import {ElectrumServer} from '../../support/electrum-server/index.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

chainSourceContract('electrum', async () => {
  const node = await RegtestNode.start();
  await node.createWallet('hot');
  const server = await ElectrumServer.start({node});
  const backend = openElectrum(server.url);
  return {
    node,
    source: backend.chain,
    namesTransactions: true,
    close: async () => {
      await backend.close();
      await server.close();
      await node.dispose();
    },
  };
});
