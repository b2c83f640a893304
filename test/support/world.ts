import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {coins, type ScriptType} from '../../source/coins/index.ts';
import {API_KEY, PIN} from './blockio-account.ts';
import {BlockIoServer} from './blockio-server.ts';
import {writeConfigFile, type ConfigFile, type ConfigFileOptions} from './config-file.ts';
import {ElectrumServer} from './electrum-server/index.ts';
import {Engine} from './engine.ts';
import {EsploraServer} from './esplora-server/index.ts';
import {type HotKey, makeHotKey, watchOnly} from './hot-key.ts';
import {runProgram, type ProgramResult} from './program.ts';
import {type Daemon, RegtestNode} from './regtest-node.ts';
import {until} from './until.ts';
import {WebhookReceiver} from './webhook-receiver.ts';

export interface WorldOptions extends Omit<
  ConfigFileOptions,
  'directory' | 'node' | 'webhook' | 'derived' | 'backend'
> {
  /** The engine derives the addresses of `hot` itself, by its public descriptors. What else stands in `wallet`. */
  readonly derive?: string;
  /** Addresses and signatures of a key of the engine's own, of this kind. The node's wallets know nothing of it. */
  readonly key?: ScriptType;
  /** More of `wallet.signer`, such as `limits: {…}`. */
  readonly keyOptions?: string;
  /**
   * A server between the engine and the node. But for block.io it has no wallet: `key` or `derive` must say where addresses
   * come from.
   */
  readonly server?: ServerKind;
  /** Without ZMQ the engine has only its polling; with it unless said. */
  readonly zmq?: boolean;
  readonly nodeArgs?: string[];
  /** bitcoind, and so a ledger of btc, unless said. */
  readonly daemon?: Daemon;
  readonly mweb?: boolean;
  /** Leaves `init` and the engine's start to the test. */
  readonly bare?: boolean;
}

const makeWorldKey = async (directory: string, name: string, type: ScriptType): Promise<HotKey> => {
  const coin = coins.get(name)!;
  return makeHotKey({directory, coin, network: coin.networks.regtest!, type, name: 'hot'});
};

/** A key in the world's folder, as `coins.<c>.wallet` has it. */
const keyWallet = ({file, passphraseFile, descriptor}: HotKey, {keyOptions}: WorldOptions): string => {
  const more = keyOptions === undefined ? '' : `, ${keyOptions}`;
  return `{descriptor: "${descriptor}", signer: {type: key, file: ${file}, passphrase: {file: ${passphraseFile}}${more}}}`;
};

export type ServerKind = 'esplora' | 'electrum' | BlockIoKind;
type BlockIoKind = 'blockio, basic' | 'blockio, dtrust';
type ChainServer = EsploraServer | ElectrumServer | BlockIoServer;

const BLOCKIO_WALLETS: Readonly<Record<BlockIoKind, string>> = {
  'blockio, basic': `{type: basic, pin: "${PIN}", accept_unproven_addresses: true}`,
  'blockio, dtrust': `{type: dtrust, keys: [${['a1', 'b2'].map(byte => `"${byte.repeat(32)}"`).join(', ')}]}`,
};

/** block.io as the wallet over the node, which needs none then. */
const startBlockIo = async (kind: BlockIoKind, node: RegtestNode): Promise<{server: ChainServer; backend: string}> => {
  const server = await BlockIoServer.start(node);
  const chain = `{type: bitcoind, url: "${node.url}", auth: {cookie: ${JSON.stringify(node.cookiePath)}}}`;
  const account = `url: "${server.url}", api_key: "${API_KEY}", wallet: ${BLOCKIO_WALLETS[kind]}`;
  return {server, backend: `{type: blockio, ${account}, chain: ${chain}}`};
};

const startServer = async (kind: ServerKind, node: RegtestNode): Promise<{server: ChainServer; backend: string}> => {
  if (kind === 'esplora') {
    const server = await EsploraServer.start(node);
    return {server, backend: `{type: esplora, url: "${server.url}", websocket: "${server.websocketUrl}"}`};
  }
  if (kind !== 'electrum') return startBlockIo(kind, node);
  const server = await ElectrumServer.start({node});
  return {server, backend: `{type: electrum, url: "${server.url}"}`};
};

/** Public descriptors of the `hot` wallet, as `coins.<c>.wallet` has them. */
export const derivedWallet = async (node: RegtestNode, more: string, kind = 'wpkh('): Promise<string> => {
  const {descriptors} = await node.rpc<{descriptors: {desc: string; internal: boolean}[]}>(
    'listdescriptors',
    [false],
    'hot',
  );
  const branch = (internal: boolean) =>
    descriptors.find(one => one.desc.startsWith(kind) && one.internal === internal)!.desc;
  const keys = `receive: ${JSON.stringify(branch(false))}, change: ${JSON.stringify(branch(true))}`;
  return `{${keys}${more === '' ? '' : `, ${more}`}}`;
};

/**
 * A real node with two wallets (`hot`, the engine's; `outside`, everybody else's, rich from mining), a real webhook
 * endpoint and the real engine, in a folder of their own.
 */
export class World {
  readonly directory: string;
  readonly node: RegtestNode;
  readonly receiver: WebhookReceiver;
  readonly config: ConfigFile;
  readonly engine: Engine;
  #server: ChainServer | undefined;

  private constructor(parts: {directory: string; node: RegtestNode; receiver: WebhookReceiver; config: ConfigFile}) {
    this.directory = parts.directory;
    this.node = parts.node;
    this.receiver = parts.receiver;
    this.config = parts.config;
    this.engine = new Engine(parts.config);
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'cac-'));
    const {daemon = 'bitcoind'} = options;
    const node = await RegtestNode.start({
      daemon,
      mweb: options.mweb ?? false,
      zmq: options.zmq ?? true,
      args: options.nodeArgs ?? [],
    });
    const receiver = await WebhookReceiver.start();
    const served = options.server === undefined ? undefined : await startServer(options.server, node);
    const configOptions = {
      ...options,
      ...(served && {backend: served.backend}),
      coin: daemon === 'litecoind' ? 'ltc' : 'btc',
      directory,
      node: {url: node.url, cookiePath: node.cookiePath, zmqUrl: daemon === 'litecoind' ? undefined : node.zmqUrl},
      webhook: {url: receiver.url, secret: receiver.secret},
    };
    const config = writeConfigFile(configOptions);
    const world = new World({directory, node, receiver, config});
    world.#server = served?.server;
    try {
      const key = options.key && (await makeWorldKey(directory, configOptions.coin, options.key));
      // The node only tells of the key's coins, to compare the books with.
      if (key === undefined) await node.createWallet('hot');
      else await watchOnly(node, 'hot', key);
      if (key !== undefined) writeConfigFile({...configOptions, derived: keyWallet(key, options)});
      if (options.derive !== undefined)
        writeConfigFile({...configOptions, derived: await derivedWallet(node, options.derive)});
      await node.createWallet('outside');
      await world.mine(105);
      if (options.bare !== true) {
        await world.init();
        await world.engine.start();
      }
    } catch (error) {
      await world.dispose();
      throw error;
    }
    return world;
  }

  /** Addresses that a provider made, whose coins no wallet of the node knows. */
  get providedAddresses(): readonly string[] | undefined {
    return this.#server instanceof BlockIoServer ? this.#server.addresses : undefined;
  }

  get api() {
    return this.engine.api;
  }

  /** A verb of the product on this world's config. */
  async run(...args: string[]): Promise<ProgramResult> {
    return runProgram([...args, '--config', this.config.path], {cwd: this.directory});
  }

  async init(): Promise<void> {
    const result = await this.run('init');
    if (result.code !== 0) throw new Error(`init ended with ${result.code}: ${result.stdout}${result.stderr}`);
  }

  /** Mines to a fresh address of the outside wallet: never the same block twice after a reorg. */
  async mine(blocks: number): Promise<string[]> {
    const address = await this.node.rpc<string>('getnewaddress', [], 'outside');
    return this.node.rpc<string[]>('generatetoaddress', [blocks, address]);
  }

  /** Blocks without any mempool transaction. */
  async mineEmpty(blocks: number): Promise<string[]> {
    const hashes: string[] = [];
    for (let mined = 0; mined < blocks; mined += 1) {
      const address = await this.node.rpc<string>('getnewaddress', [], 'outside');
      const {hash} = await this.node.rpc<{hash: string}>('generateblock', [address, []]);
      hashes.push(hash);
    }
    return hashes;
  }

  /** Replaces the last `depth` blocks by `depth + 1` others; `empty` keeps the returned transactions out of them. */
  async reorg(depth: number, {empty = false}: {empty?: boolean} = {}): Promise<void> {
    const height = await this.node.rpc<number>('getblockcount');
    const hash = await this.node.rpc<string>('getblockhash', [height - depth + 1]);
    await this.node.rpc('invalidateblock', [hash]);
    await (empty ? this.mineEmpty(depth + 1) : this.mine(depth + 1));
  }

  /** Sends from outside, replaceable, at a feerate in sat/vB. */
  async pay(address: string, amount: string, feerate = 5): Promise<string> {
    return this.node.rpc<string>(
      'sendtoaddress',
      [address, amount, '', '', false, true, null, 'unset', null, feerate],
      'outside',
    );
  }

  async outsideAddress(): Promise<string> {
    return this.node.rpc<string>('getnewaddress', [], 'outside');
  }

  /** A user account with a fresh receive address. */
  async customer(name: string): Promise<string> {
    await this.api.createAccount(name);
    return this.api.createAddress(name);
  }

  /** A user account holding `amount`, credited; mines what that takes. */
  async fundedCustomer(name: string, amount: string, coins = 1): Promise<string> {
    const address = await this.customer(name);
    const each = (Number(amount) / coins).toFixed(8);
    for (let sent = 0; sent < coins; sent += 1) await this.pay(address, each);
    await this.mine(3);
    await until(
      `${name} to be credited`,
      async () =>
        (await this.api.account(name)).pending === '0.00000000' && Number((await this.api.account(name)).balance) > 0,
    );
    return address;
  }

  /** Waits until the engine's ledger stands at the node's tip. */
  async caughtUp(): Promise<void> {
    const tip = await this.node.rpc<number>('getblockcount');
    await until(`the ledger to reach ${tip}`, async () => (await this.api.status()).coins[0]?.height === tip);
  }

  async dispose(): Promise<void> {
    await this.engine.dispose();
    await this.receiver.close();
    await this.#server?.close();
    await this.node.dispose();
    rmSync(this.directory, {recursive: true, force: true});
  }
}
