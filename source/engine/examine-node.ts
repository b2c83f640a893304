import type {NodeTip} from '../chain/ports.ts';
import type {CoinConfig} from '../config/config.ts';
import {EngineError} from '../primitives/errors.ts';
import type {LedgerIdentity} from '../store/open-store.ts';
import type {EngineOptions} from './engine.ts';
import {failed, fine, type Finding} from './findings.ts';
import type {Backend} from './parts.ts';

export interface NodeReport {
  readonly findings: Finding[];
  /** Both there when no finding is bad. */
  readonly tip: NodeTip | undefined;
  readonly walletFingerprints: readonly string[] | undefined;
}

const FINGERPRINTS_SHOWN = 12;

/**
 * Asks one coin's node whether it is there, on the configured chain and with its wallet loaded; with `identity`, whether
 * these are the chain and the wallet that the ledger was made with. `mayBeLocked`: a signer that waits for its passphrase
 * is no fault. Changes nothing.
 */
export const examineNode = async (
  config: CoinConfig,
  {parts, clock, log}: Pick<EngineOptions, 'parts' | 'clock' | 'log'>,
  identity: LedgerIdentity | undefined,
  mayBeLocked = false,
): Promise<NodeReport> => {
  const findings: Finding[] = [];
  const coin = config.definition;
  const network = coin.networks[config.network]!;
  const backend = await parts.createBackend(config, {coin, network, clock, log, walletFingerprints: undefined});
  try {
    const tip = await look(findings, `${config.coin} node`, async () => {
      const found = await backend.chain.tip();
      const state = found.syncing ? ', still loading the chain' : '';
      return {found, words: `${config.backend.url} answers, at height ${found.height}${state}`};
    });
    if (tip === undefined) return {findings, tip, walletFingerprints: undefined};
    await look(findings, `${config.coin} chain`, async () => requireChain(backend, tip, config, identity));
    const walletFingerprints = await look(findings, `${config.coin} wallet`, async () =>
      examineWallet(backend, config, identity),
    );
    await examineSigner(findings, backend, config, mayBeLocked);
    return {findings, tip, walletFingerprints};
  } finally {
    await backend.close();
  }
};

/** Runs one look and notes how it went; undefined when badly. */
const look = async <Found>(
  findings: Finding[],
  subject: string,
  ask: () => Promise<{found: Found; words: string}>,
): Promise<Found | undefined> => {
  try {
    const {found, words} = await ask();
    findings.push(fine(subject, words));
    return found;
  } catch (error) {
    findings.push(failed(subject, error));
    return undefined;
  }
};

/** Whether it could sign now. */
const examineSigner = async (
  findings: Finding[],
  {signer}: Backend,
  {coin}: CoinConfig,
  mayBeLocked: boolean,
): Promise<void> => {
  if (signer.prepare === undefined) return;
  const subject = `${coin} signer`;
  const state = await signer.prepare();
  if (state.kind === 'ready') findings.push(fine(subject, state.words));
  else if (state.kind === 'locked' && mayBeLocked) findings.push(fine(subject, `locked: ${state.words}`));
  else findings.push(failed(subject, new EngineError(SIGNER_CODES[state.kind], state.words)));
};

const SIGNER_CODES = {
  locked: 'wallet_locked',
  'wallet-missing': 'wallet_missing',
  unauthorized: 'backend_auth',
  refused: 'wrong_key',
  unavailable: 'backend_down',
} as const;

const requireChain = async (
  backend: Backend,
  tip: NodeTip,
  config: CoinConfig,
  identity: LedgerIdentity | undefined,
): Promise<{found: true; words: string}> => {
  const network = config.definition.networks[config.network]!;
  const genesis = await backend.chain.genesis();
  if (tip.chain !== network.chain || genesis !== network.genesis)
    throw new EngineError(
      'wrong_chain',
      `the node is on chain "${tip.chain}" and coins.${config.coin}.network says ${config.network}`,
    );
  if (identity !== undefined && identity.genesis !== genesis)
    throw new EngineError('wrong_chain', `the ledger was made with another chain, of genesis ${identity.genesis}`);
  return {found: true, words: `${network.chain}, as configured`};
};

const examineWallet = async (
  backend: Backend,
  {coin, backend: node}: CoinConfig,
  identity: LedgerIdentity | undefined,
): Promise<{found: readonly string[]; words: string}> => {
  // One by a descriptor has no name, and nothing to be loaded.
  const wallet = node.type === 'bitcoind' ? `the node's wallet ${node.wallet}` : 'the wallet of the config';
  const found = await backend.addresses.walletFingerprints();
  const held = new Set(found);
  const missing = (identity?.walletFingerprints ?? []).filter(fingerprint => !held.has(fingerprint));
  if (missing.length > 0)
    throw new EngineError(
      'wallet_mismatch',
      `${wallet} is not the one that the ${coin} ledger was made with (${missing.length} descriptors are missing)`,
    );
  const first = found[0]?.slice(0, FINGERPRINTS_SHOWN) ?? '';
  const ready = node.type === 'bitcoind' ? `${node.wallet} is loaded` : wallet;
  return {found, words: `${ready}, ${found.length} descriptors (${first}…)`};
};
