import {BlockIoServer} from '../../support/blockio-server.ts';
import {openBlockIo} from '../../support/blockio.ts';
import {chainSourceContract} from '../../support/chain-source-contract.ts';
import {openElectrum} from '../../support/electrum.ts';
import {ElectrumServer} from '../../support/electrum-server/index.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

// Over a source that has to be told of scripts: nothing that it can do may be lost on the way.
chainSourceContract('block.io over electrum', async () => {
  const node = await RegtestNode.start();
  await node.createWallet('hot');
  const [electrum, server] = await Promise.all([ElectrumServer.start({node}), BlockIoServer.start(node)]);
  const {network} = openBlockIo(server, {chainSide: openElectrum(electrum.url)});
  return {
    node,
    source: network.chain,
    namesTransactions: true,
    close: async () => {
      await network.close();
      await Promise.all([electrum.close(), server.close()]);
      await node.dispose();
    },
  };
});
