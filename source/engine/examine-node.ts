import type {ChainSource, NodeTip} from '../chain/ports.ts';
import {placeOf} from '../config/backend-place.ts';
import type {BackendConfig, CoinConfig} from '../config/config.ts';
import {EngineError} from '../primitives/errors.ts';
import type {LedgerIdentity} from '../store/open-store.ts';
import {beginningOf, type Beginning} from './birthday.ts';
import type {EngineOptions} from './engine.ts';
import {failed, fine, type Finding} from './findings.ts';
import type {Backend} from './parts.ts';

export interface NodeReport {
  readonly findings: Finding[];
  /** Both there when no finding is bad. */
  readonly tip: NodeTip | undefined;
  readonly walletFingerprints: readonly string[] | undefined;
  /** Where a ledger that is made now begins; asked only while there is none. */
  readonly beginning: Beginning | undefined;
}

const FINGERPRINTS_SHOWN = 12;

/**
 * Asks one coin's node whether it is there, on the configured chain and with its wallet loaded; with `identity`, whether
 * these are the chain and the wallet that the ledger was made with. Of several backends each is asked. `isInit`: a signer
 * that waits for its passphrase is no fault, nor is a backend besides the preferred one that is away: a ledger begins
 * where the preferred one stands, and the others are watched when the engine runs. Changes nothing.
 */
export const examineNode = async (
  config: CoinConfig,
  {parts, clock, log}: Pick<EngineOptions, 'parts' | 'clock' | 'log'>,
  identity: LedgerIdentity | undefined,
  isInit = false,
): Promise<NodeReport> => {
  const findings: Finding[] = [];
  const coin = config.definition;
  const network = coin.networks[config.network]!;
  const backend = await parts.createBackend(config, {coin, network, clock, log, walletFingerprints: undefined});
  try {
    const {several} = backend;
    const chain = several ? several.chainOf(config.backend.name) : backend.chain;
    const tip = await examineChain(findings, chain, config, config.backend, identity);
    for (const other of several ? config.backends.slice(1) : []) {
      const found: Finding[] = [];
      await examineChain(found, several!.chainOf(other.name), config, other, identity);
      findings.push(...(isInit ? found.map(excused) : found));
    }
    if (tip === undefined) return {findings, tip, walletFingerprints: undefined, beginning: undefined};
    const walletFingerprints = await look(findings, `${config.coin} wallet`, async () =>
      examineWallet(backend, config, identity),
    );
    await examineSigner(findings, backend, config, isInit);
    const beginning = identity === undefined ? await lookForBeginning(findings, chain, tip, config) : undefined;
    return {findings, tip, walletFingerprints, beginning};
  } finally {
    await backend.close();
  }
};

/** Said only where a birthday asks for it: every other ledger begins at the tip that was just told. */
const lookForBeginning = async (
  findings: Finding[],
  chain: ChainSource,
  tip: NodeTip,
  config: CoinConfig,
): Promise<Beginning | undefined> => {
  if (config.wallet?.birthday === undefined) return beginningOf(chain, tip, config);
  return look(findings, `${config.coin} birthday`, async () => {
    const found = await beginningOf(chain, tip, config);
    return {found, words: `a new ledger begins after block ${found.height}`};
  });
};

/** Whether one backend answers, and on which chain. */
const examineChain = async (
  findings: Finding[],
  chain: ChainSource,
  config: CoinConfig,
  backend: BackendConfig,
  identity: LedgerIdentity | undefined,
): Promise<NodeTip | undefined> => {
  const name = config.backends.length > 1 ? ` ${backend.name}` : '';
  const tip = await look(findings, `${config.coin} node${name}`, async () => {
    const found = await chain.tip();
    const state = found.syncing ? ', still loading the chain' : '';
    return {found, words: `${placeOf(backend)} answers, at height ${found.height}${state}`};
  });
  if (tip !== undefined)
    await look(findings, `${config.coin} chain${name}`, async () => requireChain(chain, tip, config, identity));
  return tip;
};

/** Out of reach now is no reason to have no ledger; on another chain it is. */
const excused = (finding: Finding): Finding =>
  finding.exitCode === 69
    ? fine(finding.subject, `does not answer now, and is asked again when the engine runs: ${finding.words}`)
    : finding;

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
  'no-signer': 'no_signer',
} as const;

const requireChain = async (
  chain: ChainSource,
  tip: NodeTip,
  config: CoinConfig,
  identity: LedgerIdentity | undefined,
): Promise<{found: true; words: string}> => {
  const network = config.definition.networks[config.network]!;
  const genesis = await chain.genesis();
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
  {addresses}: Backend,
  {coin, backend, wallet}: CoinConfig,
  identity: LedgerIdentity | undefined,
): Promise<{found: readonly string[]; words: string}> => {
  const found = await addresses.walletFingerprints();
  const held = new Set(found);
  const missing = (identity?.walletFingerprints ?? []).filter(fingerprint => !held.has(fingerprint));
  const name = wallet === undefined ? backendWallet(backend) : `the wallet in coins.${coin}.wallet`;
  if (missing.length > 0)
    throw new EngineError(
      'wallet_mismatch',
      `${name} is not the one that the ${coin} ledger was made with (${missing.length} fingerprints are missing)`,
    );
  const first = found[0]?.slice(0, FINGERPRINTS_SHOWN) ?? '';
  if (wallet === undefined)
    return {found, words: `${backendWallet(backend)} is there, ${found.length} fingerprints (${first}…)`};
  const signer = wallet.signer === undefined ? 'nobody, so that payouts are held' : wallet.signer.type;
  return {found, words: `derived from its own descriptors (${first}…); signed by ${signer}`};
};

const backendWallet = (backend: CoinConfig['backend']): string =>
  backend.type === 'blockio'
    ? `the ${backend.wallet.type} wallet at block.io`
    : `the node's wallet ${'wallet' in backend ? (backend.wallet ?? '') : ''}`;
