import type {CoinConfig} from './config/config.ts';
import {EngineError} from './primitives/errors.ts';
import type {Backend, BackendContext, NetworkSide, WalletSide} from './engine/parts.ts';

/** One coin's backend: the network by the type of its config, and the wallet. Each part is loaded when it is made. */
export const createBackend = async (config: CoinConfig, context: BackendContext): Promise<Backend> => {
  if (config.backends.length > 1)
    throw new EngineError('bad_config', `coins.${config.coin}.backend: several backends are not built yet`);
  const {network, wallet} = await createSides(config, context);
  return {...network, ...wallet};
};

/** The node's own wallet is reached as the node is: both come from one client. */
const createSides = async (
  config: CoinConfig,
  context: BackendContext,
): Promise<{network: NetworkSide; wallet: WalletSide}> => {
  const {backend} = config;
  switch (backend.type) {
    case 'bitcoind': {
      const [{createBitcoind}, {createNodeSigner}] = await Promise.all([
        import('./backends/bitcoind/index.ts'),
        import('./signers/node.ts'),
      ]);
      const {addresses, wallet, ...network} = createBitcoind(backend, context);
      return {network, wallet: {addresses, signer: createNodeSigner(wallet, context.log)}};
    }
    case 'electrum': {
      const {createElectrum} = await import('./backends/electrum/index.ts');
      return {network: createElectrum(backend, context), wallet: walletOf(config)};
    }
    default:
      return backend satisfies never;
  }
};

/** Of servers that have none: it is in the config. */
const walletOf = ({coin}: CoinConfig): WalletSide => {
  throw new EngineError('bad_config', `coins.${coin}.wallet: wallets of the config are not built yet`);
};
