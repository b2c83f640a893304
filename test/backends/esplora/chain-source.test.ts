import {chainSourceContract} from '../../support/chain-source-contract.ts';
import {openEsplora} from '../../support/esplora.ts';
import {EsploraServer} from '../../support/esplora-server/index.ts';
import {RegtestNode} from '../../support/regtest-node.ts';

for (const method of ['blocks', 'histories'] as const)
  chainSourceContract(`esplora, by ${method}`, async () => {
    const node = await RegtestNode.start({zmq: false});
    await node.createWallet('hot');
    const server = await EsploraServer.start(node, {hidesSizes: true});
    const backend = openEsplora(server.url, {websocket: server.websocketUrl, method});
    return {
      node,
      source: backend.chain,
      // Of scripts that it was told of before; a fresh address is paid here before that.
      namesTransactions: false,
      hintsAtLostBlocks: false,
      close: async () => {
        await backend.close();
        await server.close();
        await node.dispose();
      },
    };
  });
