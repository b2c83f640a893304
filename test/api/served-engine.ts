import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createSupplies} from '../../source/compose.ts';
import type {Config} from '../../source/config/config.ts';
import {loadConfig} from '../../source/config/load.ts';
import {ApiClient} from '../support/api-client.ts';
import {writeConfigFile} from '../support/config-file.ts';
import {RegtestNode} from '../support/regtest-node.ts';
import {until} from '../support/until.ts';

/** The real engine with its API in this process, on a real node and a ledger of its own. */
export interface ServedEngine {
  readonly node: RegtestNode;
  readonly config: Config;
  readonly api: ApiClient;
  /** Stops it over the API; the exit code. */
  stop(): Promise<number>;
  dispose(): Promise<void>;
}

export const TOKEN = 'token-of-the-test-0123456789';

export const serveEngine = async (adjust: (config: Config) => Config = config => config): Promise<ServedEngine> => {
  const directory = mkdtempSync(join(tmpdir(), 'api-'));
  const node = await RegtestNode.start();
  await node.createWallet('hot');
  await node.createWallet('outside');
  await node.rpc('generatetoaddress', [105, await node.rpc<string>('getnewaddress', [], 'outside')]);
  const file = writeConfigFile({directory, node, confirmations: 1, maxConfirmationCount: 3});
  const config = adjust(loadConfig(file.path, process.env));
  const supplies = createSupplies();
  const findings = await supplies.initialise(config);
  const bad = findings.find(finding => !finding.ok);
  if (bad) throw new Error(`${bad.subject}: ${bad.words}`);
  const running = supplies.runEngine(config);
  const api = new ApiClient(config.api.socket);
  await Promise.race([
    until('the API to answer', async () => (await api.health()).status > 0, {every: 10}),
    running.then(code => {
      throw new Error(`the engine ended with ${code}`);
    }),
  ]);
  let ended = false;
  const stop = async () => {
    if (!ended) await api.post('/v1/engine/stop');
    ended = true;
    return running;
  };
  return {
    node,
    config,
    api,
    stop,
    dispose: async () => {
      await stop();
      await api.close();
      await node.dispose();
      rmSync(directory, {recursive: true, force: true});
    },
  };
};
