import type {Coin} from '../../coins/index.ts';
import type {BitcoindConfig, Config} from '../../config/config.ts';
import {ConfigError} from '../../config/config-error.ts';
import {EngineError} from '../../primitives/errors.ts';
import {UsageError} from './usage-error.ts';

/** What is known when something failed. */
export interface Circumstances {
  /** As the user named it. */
  readonly configPath: string;
  /** Undefined when it could not be read. */
  readonly config: Config | undefined;
}

const PROGRAM = 'cryptoassets-console';

/** Lines that say what to do about an error code; empty when its message says it all. */
export const adviceFor = (code: string, circumstances: Circumstances): string[] => {
  const {configPath, config} = circumstances;
  const nodes = nodesOf(config);
  const check = `  Then look again:     ${PROGRAM} check ${configPath}`;
  switch (code) {
    case 'not_initialised':
      return [`  Create it (safe to repeat, never overwrites):  ${PROGRAM} init ${configPath}`];
    case 'backend_down':
    case 'backend_timeout':
      return [
        ...nodes.flatMap(({backend, definition}) => [
          `  Does it take RPC?    server=1 in ${configOf(definition)}, and rpcport as in the config`,
          `  Ask it yourself:     ${cliOf(definition)} -rpcport=${portOf(backend)} getblockchaininfo`,
        ]),
        check,
      ];
    case 'backend_warming_up':
      return ['  The node is starting. Wait until it has loaded its blocks, then try again.'];
    case 'backend_auth':
      return [...nodes.flatMap(authAdvice), check];
    case 'wallet_mismatch':
    case 'wrong_wallet':
      return [
        '  The ledger belongs to another wallet of that name. Restore the old wallet, or point the config at a new ledger.',
      ];
    case 'wrong_chain':
      return [
        `  The node follows another chain than the ledger. Compare \`network\` in ${configPath} with the node's.`,
      ];
    case 'database_newer':
      return ['  Nothing was changed. Start the newer version of the program again.'];
    case 'engine_unreachable':
      return [`  Start it:            ${PROGRAM} ${configPath} --headless`];
    case 'unknown_account':
      return [`  Create one:          ${PROGRAM} account create <coin> <name>`];
    case 'missing_key':
      return [`  Make a new one:      ${PROGRAM} key create <coin> --config ${configPath}`];
    case 'already_running':
      return [`  Watch it instead:    ${PROGRAM} ${configPath}`];
    default:
      return [];
  }
};

interface NodeOfCoin {
  readonly backend: BitcoindConfig;
  readonly definition: Coin;
}

/** Those that have a daemon of their own, which somebody can look after. */
const nodesOf = (config: Config | undefined): NodeOfCoin[] =>
  [...(config?.coins.values() ?? [])].flatMap(({backend, definition}) =>
    backend.type === 'bitcoind' ? [{backend, definition}] : [],
  );

const portOf = (backend: BitcoindConfig): string => {
  const url = new URL(backend.url);
  return url.port || (url.protocol === 'https:' ? '443' : '80');
};

/** `bitcoind` -> `bitcoin`: what its files and programs are named by. */
const stemOf = ({daemon}: Coin): string => daemon.replace(/d$/, '');
const cliOf = (coin: Coin): string => (coin.daemon.endsWith('d') ? `${stemOf(coin)}-cli` : 'bitcoin-cli');
const configOf = (coin: Coin): string => (coin.daemon.endsWith('d') ? `${stemOf(coin)}.conf` : "the node's config");

const authAdvice = ({backend: {auth}, definition}: NodeOfCoin): string[] =>
  auth.kind === 'cookie'
    ? [
        `  May we read it?      ls -l ${auth.path}`,
        `  Is it this node's?   ${definition.daemon} writes it at each start into its data directory (for tests: regtest/, signet/, …)`,
      ]
    : [
        `  The user sent:       ${auth.user}   (the password is not shown)`,
        `  Compare with:        rpcuser and rpcpassword, or rpcauth, in ${configOf(definition)}; restart the node after a change`,
      ];

/** Lines of advice for whatever was thrown. */
export const adviceForError = (error: unknown, circumstances: Circumstances): string[] => {
  if (error instanceof ConfigError || error instanceof UsageError)
    return error.hint === '' ? [] : error.hint.split('\n');
  return error instanceof EngineError ? adviceFor(error.code, circumstances) : [];
};
