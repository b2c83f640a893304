import {mkdirSync, readFileSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import {join} from 'node:path';
import {request} from 'undici';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {Child} from './child.ts';

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const {port} = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
};

/** How the two daemons of the demo differ. */
export interface DaemonKind {
  readonly coin: 'btc' | 'ltc';
  readonly unit: string;
  /** As in `a Bitcoin node`. */
  readonly network: string;
  readonly args: readonly string[];
  /** At which a deposit is credited here: no sooner than the network lets it be spent (Litecoin: PEGOUT_MATURITY). */
  readonly confirmations: number;
  /** Of createwallet: Bitcoin Core 30 has descriptor wallets only, Litecoin Core 0.21 makes the older kind. */
  readonly descriptors: boolean;
  readonly zmq: boolean;
  /** bumpfee can pay somebody else instead. */
  readonly bumpsElsewhere: boolean;
}

export const BITCOIN: DaemonKind = {
  coin: 'btc',
  unit: 'BTC',
  network: 'Bitcoin',
  args: ['-unsafesqlitesync=1'],
  confirmations: 2,
  descriptors: true,
  zmq: true,
  bumpsElsewhere: true,
};

export const LITECOIN: DaemonKind = {
  coin: 'ltc',
  unit: 'LTC',
  network: 'Litecoin',
  args: ['-vbparams=mweb:-2:0', '-mempoolreplacement=1', '-walletrbf=1', '-flushwallet=0', '-mintxfee=0.00001'],
  confirmations: 6,
  descriptors: false,
  zmq: false,
  bumpsElsewhere: false,
};

/** One of the demo's own nodes: regtest, on loopback, without peers. Starts again by itself when it is killed. */
export class RegtestNode {
  readonly url: string;
  readonly kind: DaemonKind;
  /** Undefined for a daemon that cannot publish. */
  readonly zmqUrl: string | undefined;
  readonly cookiePath: string;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #log: string;
  #child: Child | undefined;

  private constructor(
    kind: DaemonKind,
    program: string,
    {directory, ports}: {directory: string; ports: {rpc: number; zmq: number}},
  ) {
    this.kind = kind;
    this.#program = program;
    this.url = `http://127.0.0.1:${ports.rpc}`;
    this.zmqUrl = kind.zmq ? `tcp://127.0.0.1:${ports.zmq}` : undefined;
    this.cookiePath = join(directory, 'regtest', '.cookie');
    this.#log = join(directory, 'node.log');
    this.#args = [
      '-regtest',
      '-server',
      `-datadir=${directory}`,
      `-rpcport=${ports.rpc}`,
      '-listen=0',
      '-connect=0',
      '-dnsseed=0',
      '-discover=0',
      '-printtoconsole=0',
      '-dbcache=16',
      '-fallbackfee=0.00005',
      '-addresstype=bech32',
      '-changetype=bech32',
      '-keypool=20',
      ...kind.args,
      ...(this.zmqUrl === undefined ? [] : [`-zmqpubsequence=${this.zmqUrl}`]),
    ];
  }

  /** Resolves when it answers. Throws `node_program_missing` when it ends at once or never answers. */
  static async start(kind: DaemonKind, program: string, directory: string, signal: AbortSignal): Promise<RegtestNode> {
    mkdirSync(directory, {recursive: true});
    const ports = {rpc: await freePort(), zmq: await freePort()};
    const node = new RegtestNode(kind, program, {directory, ports});
    try {
      await node.launch(signal);
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  /** Starts it on the same ports and data, at first or after its end. */
  async launch(signal: AbortSignal): Promise<void> {
    const child = new Child(this.#program, this.#args, this.#log);
    this.#child = child;
    const deadline = performance.now() + 30_000;
    let problem = '';
    while (!signal.aborted && performance.now() < deadline) {
      if (!child.running) break;
      try {
        await this.rpc('getblockcount');
        return;
      } catch (error) {
        // Not up yet; at the deadline this becomes the reason.
        problem = messageOf(error);
      }
      await new Promise(resolve => setTimeout(resolve, 25));
    }
    signal.throwIfAborted();
    throw new EngineError('node_program_missing', `${this.#program} does not run (${this.#reason(problem)})`);
  }

  #reason(problem: string): string {
    try {
      return readFileSync(this.#log, 'utf8').trim().split('\n').at(-1) || problem;
    } catch {
      // It printed nothing.
      return problem;
    }
  }

  get running(): boolean {
    return this.#child?.running === true;
  }

  /** One call; a refusal throws with the node's words. */
  async rpc<Result>(method: string, params: readonly unknown[] = [], wallet?: string): Promise<Result> {
    const cookie = readFileSync(this.cookiePath, 'utf8').trim();
    const response = await request(`${this.url}/${wallet === undefined ? '' : `wallet/${wallet}`}`, {
      method: 'POST',
      headers: {authorization: `Basic ${Buffer.from(cookie).toString('base64')}`, 'content-type': 'application/json'},
      body: JSON.stringify({jsonrpc: '1.0', id: method, method, params}),
      headersTimeout: 15_000,
      bodyTimeout: 15_000,
    });
    const answer = (await response.body.json()) as {result: Result; error: {message: string} | null};
    if (answer.error !== null) throw new EngineError('node_refused', `${method}: ${answer.error.message}`);
    return answer.result;
  }

  async stop(): Promise<void> {
    await this.#child?.stop(15_000);
  }
}
