import type {CoinConfig, KeySignerConfig, PsbtSignerConfig, WalletConfig} from './config/config.ts';
import type {WalletKeys} from './descriptors/index.ts';
import type {BackendContext} from './engine/parts.ts';
import type {Signer, TransactionPlan} from './payout/ports.ts';
import type {WalletSide} from './payout/sides.ts';
import {EngineError} from './primitives/errors.ts';

/** Where a coin's addresses and signatures come from. `nodes`: the wallet of the node, where the config names one. */
export const createWallet = async (
  config: CoinConfig,
  context: BackendContext,
  nodes: WalletSide | undefined,
): Promise<WalletSide> => {
  const {wallet, coin: name} = config;
  if (wallet !== undefined) return createDerived(config, wallet, context, nodes);
  if (nodes === undefined)
    throw new EngineError('bad_config', `coins.${name}.wallet is missing: ${config.backend.type} has no wallet`);
  return nodes;
};

/** A wallet that the engine derives itself, and whoever signs for it. */
const createDerived = async (
  config: CoinConfig,
  wallet: WalletConfig,
  context: BackendContext,
  nodes: WalletSide | undefined,
): Promise<WalletSide> => {
  const [{DescriptorWallet}, {parseWallet}] = await Promise.all([
    import('./wallets/descriptor-wallet.ts'),
    import('./descriptors/index.ts'),
  ]);
  const {network, log, walletFingerprints, ledger} = context;
  const keys = parseWallet(wallet.keys, context);
  const addresses = new DescriptorWallet({
    coin: config.coin,
    network,
    keys,
    gapLimit: wallet.gapLimit,
    pinned: walletFingerprints,
    scripts: ledger?.derived,
    watch: script => ledger?.watchScript(script),
    log,
  });
  return {addresses, ...(await createSigner(config, wallet, {keys, context, nodes}))};
};

interface SignerParts {
  readonly keys: WalletKeys;
  readonly context: BackendContext;
  readonly nodes: WalletSide | undefined;
}

const createSigner = async (
  config: CoinConfig,
  {signer}: WalletConfig,
  parts: SignerParts,
): Promise<Omit<WalletSide, 'addresses'>> => {
  const field = `coins.${config.coin}.wallet.signer`;
  const {nodes} = parts;
  switch (signer?.type) {
    case undefined:
      return {signer: (await import('./signers/watch-only.ts')).createWatchOnlySigner(field)};
    case 'node':
      if (nodes === undefined) throw new EngineError('bad_config', `${field} is node, and no backend has a wallet`);
      return {signer: nodes.signer};
    case 'key':
      return {signer: await createHotKey(config, signer, parts)};
    case 'psbt':
      return createByHand(config, signer, parts);
    default:
      return signer satisfies never;
  }
};

const createByHand = async (
  {coin}: CoinConfig,
  {folder}: PsbtSignerConfig,
  parts: SignerParts,
): Promise<Omit<WalletSide, 'addresses'>> => {
  const {createPsbtSigner} = await import('./signers/psbt/psbt-signer.ts');
  const {clock, log} = parts.context;
  const signer = createPsbtSigner({coin, folder, toPsbt: await psbtBuilder(parts), clock, log});
  return {signer, psbts: signer};
};

const createHotKey = async (
  {coin, payouts}: CoinConfig,
  {file, passphrase, limits}: KeySignerConfig,
  parts: SignerParts,
): Promise<Signer> => {
  const [{createKeySigner}, {signerBranches}] = await Promise.all([
    import('./signers/key/key-signer.ts'),
    import('./signers/key/account.ts'),
  ]);
  const {network, clock, log} = parts.context;
  return createKeySigner({
    coin,
    network,
    file,
    passphrase,
    branches: signerBranches(parts.keys),
    limits: {maxRate: payouts.fee.maxRate, ...limits},
    toPsbt: await psbtBuilder(parts),
    clock,
    log,
  });
};

/** Which keys a plan's scripts have stands in the ledger. */
const psbtBuilder = async ({
  keys,
  context: {ledger},
}: SignerParts): Promise<(plan: TransactionPlan) => Promise<Buffer>> => {
  if (ledger === undefined)
    return async () =>
      Promise.reject(new EngineError('not_initialised', 'there is no ledger to pay from: run init first'));
  const {createPsbtBuilder} = await import('./signers/build-psbt.ts');
  return createPsbtBuilder({keys, scripts: ledger.derived, previous: ledger});
};
