import {cpSync, existsSync, mkdirSync, renameSync, rmSync, mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {writeConfigFile, type ConfigFile} from '../support/config-file.ts';
import {RegtestNode} from '../support/regtest-node.ts';

/** A node and a ledger that took long to make, on disk under the system's temporary folder, used by copy. */
export interface CachedWorld {
  readonly node: RegtestNode;
  readonly config: ConfigFile;
  dispose(): Promise<void>;
}

const BASE = join(tmpdir(), 'cac-bench-cache');

/** Makes it once under `name`, which must change whenever `make` does; later runs copy what is there. */
export const cachedWorld = async (
  name: string,
  make: (node: RegtestNode, config: ConfigFile) => Promise<void>,
): Promise<CachedWorld> => {
  const cache = join(BASE, name);
  const directory = mkdtempSync(join(tmpdir(), 'cac-bench-'));
  const node = await RegtestNode.start();
  const config = writeConfigFile({directory, node, confirmations: 3, maxConfirmationCount: 6});
  const dispose = async () => {
    await node.dispose();
    rmSync(directory, {recursive: true, force: true});
  };
  try {
    if (existsSync(cache)) {
      await node.stop();
      rmSync(join(node.dataDirectory, 'regtest'), {recursive: true});
      cpSync(join(cache, 'regtest'), join(node.dataDirectory, 'regtest'), {recursive: true});
      cpSync(join(cache, 'data'), join(directory, 'data'), {recursive: true});
      await node.start();
    } else {
      console.log(`making ${name} (once; kept in ${cache})`);
      await make(node, config);
      await node.stop();
      mkdirSync(BASE, {recursive: true});
      const partial = mkdtempSync(join(BASE, 'partial-'));
      cpSync(join(node.dataDirectory, 'regtest'), join(partial, 'regtest'), {recursive: true});
      cpSync(join(directory, 'data'), join(partial, 'data'), {recursive: true});
      renameSync(partial, cache);
      await node.start();
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {node, config, dispose};
};
