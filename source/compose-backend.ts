import {createWallet} from './compose-wallet.ts';
import type {BackendKind, CoinConfig} from './config/config.ts';
import type {Backend, BackendContext} from './engine/parts.ts';
import type {NetworkSide, WalletSide} from './payout/sides.ts';

/**
 * One coin's backend: the network by the types of its config, and the wallet. Each part is loaded when it is made. A
 * node's wallet stays with that node, whichever backend speaks for the network.
 */
export const createBackend = async (config: CoinConfig, context: BackendContext): Promise<Backend> => {
  const sides = await Promise.all(config.backends.map(async backend => createSides(backend, context)));
  const ofWallet = sides.findIndex(({wallet}) => wallet !== undefined);
  const wallet = await createWallet(config, context, sides[ofWallet]?.wallet);
  const [first] = sides;
  if (first !== undefined && sides.length === 1) return join(first.network, wallet);
  const {createFailover} = await import('./backends/failover/index.ts');
  const sources = sides.map(({network}, index) => {
    const {name, type} = config.backends[index]!;
    return Object.assign(network, {name, type});
  });
  return join(createFailover(sources, {...context, ofWallet: config.backends[ofWallet]?.name}), wallet);
};

const join = (network: NetworkSide, wallet: WalletSide): Backend => ({
  ...network,
  ...wallet,
  close: async () => {
    await wallet.signer.close?.();
    await network.close();
  },
});

/** A node's own wallet is reached as the node is: both come from one client. Undefined: the config names none there. */
const createSides = async (
  backend: BackendKind,
  context: BackendContext,
): Promise<{network: NetworkSide; wallet: WalletSide | undefined}> => {
  switch (backend.type) {
    case 'bitcoind': {
      const [{createBitcoind}, {createNodeSigner}] = await Promise.all([
        import('./backends/bitcoind/index.ts'),
        import('./signers/node.ts'),
      ]);
      const {addresses, wallet, ...network} = createBitcoind(backend, context);
      const signer = createNodeSigner(wallet, context.log);
      return {network, wallet: backend.wallet === undefined ? undefined : {addresses, signer}};
    }
    case 'electrum': {
      const {createElectrum} = await import('./backends/electrum/index.ts');
      return {network: createElectrum(backend, context), wallet: undefined};
    }
    case 'esplora': {
      const {createEsplora} = await import('./backends/esplora/index.ts');
      return {network: createEsplora(backend, context), wallet: undefined};
    }
    case 'blockio': {
      const [{createBlockIo}, {network}] = await Promise.all([
        import('./backends/blockio/index.ts'),
        createSides(backend.chain, context),
      ]);
      return createBlockIo(backend, context, network);
    }
    default:
      return backend satisfies never;
  }
};
