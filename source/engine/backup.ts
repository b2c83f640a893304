import {createHash} from 'node:crypto';
import {createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {z} from 'zod';
import type {Config} from '../config/config.ts';
import {time} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';
import {backupLedger, restoreLedger, type LedgerFacts} from '../store/open-store.ts';
import {ledgerPath} from './initialise.ts';

const MANIFEST = 'manifest.json';

const ledgerEntry = z.object({
  coin: z.string(),
  network: z.string(),
  ledger_id: z.string(),
  height: z.number().int(),
  block_hash: z.string(),
  sequence: z.number().int(),
  file: z.string().regex(/^[a-z0-9]+\.sqlite$/),
  bytes: z.number().int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifest = z.object({
  format: z.literal(1),
  program: z.string(),
  made_at: time,
  ledgers: z.array(ledgerEntry).min(1),
});

/** What a backup says about itself. Written last: a folder without it is no backup. */
export type Manifest = z.infer<typeof manifest>;
type LedgerEntry = Manifest['ledgers'][number];

/** Copies the ledger of every coin into a new folder, each as it is at one moment, while the engine goes on. */
export const backup = async (
  config: Config,
  folder: string,
  {clock, version}: {clock: Clock; version: string},
): Promise<Manifest> => {
  makeFolder(folder);
  const madeAt = clock.now();
  const ledgers: LedgerEntry[] = [];
  for (const coin of config.coins.keys()) ledgers.push(await backupCoin(config, coin, folder));
  const found: Manifest = {format: 1, program: version, made_at: new Date(madeAt).toISOString(), ledgers};
  writeManifest(folder, found);
  return found;
};

/** A backup is never added to another: which file belongs to which would be a guess. */
const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, {recursive: true, mode: 0o700});
    if (readdirSync(folder).length === 0) return;
  } catch (error) {
    throw new EngineError('bad_folder', `${folder} cannot be made: ${messageOf(error)}`, {field: 'to', cause: error});
  }
  throw new EngineError('already_exists', `${folder} is not empty; name a folder that is not there yet`, {field: 'to'});
};

const backupCoin = async (config: Config, coin: string, folder: string): Promise<LedgerEntry> => {
  const name = `${coin}.sqlite`;
  const path = join(folder, name);
  const facts = await backupLedger({type: config.database.type, path: config.database.path, coin}, path);
  return {
    coin,
    network: facts.network,
    ledger_id: facts.ledgerId,
    height: facts.height,
    block_hash: facts.blockHash,
    sequence: facts.sequence,
    file: name,
    ...(await measure(path)),
  };
};

const measure = async (path: string): Promise<{bytes: number; sha256: string}> => {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(path), async chunks => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  return {bytes, sha256: hash.digest('hex')};
};

const writeManifest = (folder: string, found: Manifest): void => {
  const path = join(folder, MANIFEST);
  writeFileSync(`${path}.new`, `${JSON.stringify(found, null, 2)}\n`, {mode: 0o600, flush: true});
  renameSync(`${path}.new`, path);
};

/** Throws `bad_backup`. */
const readManifest = (folder: string): Manifest => {
  const path = join(folder, MANIFEST);
  if (!existsSync(path))
    throw new EngineError('bad_backup', `${folder} is no backup: it has no ${MANIFEST}, which is written last`);
  try {
    return manifest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new EngineError('bad_backup', `${path} cannot be read as a manifest`, {cause: error});
  }
};

/**
 * Puts the ledgers of a backup where the config has its own, and nothing where anything is. All files are looked at
 * before the first is restored. Throws `bad_backup`, `already_exists`, `wrong_ledger`.
 */
export const restore = async (config: Config, folder: string, {clock}: {clock: Clock}): Promise<Manifest> => {
  const found = readManifest(folder);
  for (const entry of found.ledgers) await examineEntry(config, folder, entry);
  const missing = [...config.coins.keys()].filter(coin => !found.ledgers.some(entry => entry.coin === coin));
  if (missing.length > 0) throw new EngineError('bad_backup', `${folder} has no ledger of ${missing.join(', ')}`);
  const taken = found.ledgers.map(({coin}) => ledgerPath(config, coin)).filter(path => existsSync(path));
  if (taken.length > 0)
    throw new EngineError(
      'already_exists',
      `${taken.join(', ')}: in the way; a restore never overwrites. Move it away, with its -wal and -shm`,
    );
  for (const entry of found.ledgers)
    restoreLedger(
      {type: config.database.type, path: config.database.path, coin: entry.coin},
      join(folder, entry.file),
      factsOf(entry),
      {madeAt: Date.parse(found.made_at), now: clock.now()},
    );
  return found;
};

const examineEntry = async (config: Config, folder: string, entry: LedgerEntry): Promise<void> => {
  const {coin, network, file, sha256} = entry;
  const configured = config.coins.get(coin);
  if (configured === undefined)
    throw new EngineError('wrong_ledger', `${file} is a ledger of ${coin}, which ${config.path} does not have`);
  if (configured.network !== network)
    throw new EngineError('wrong_ledger', `${file} belongs to ${network}, and the config says ${configured.network}`);
  const path = join(folder, file);
  if (!existsSync(path)) throw new EngineError('bad_backup', `${path} is missing`);
  if ((await measure(path)).sha256 !== sha256)
    throw new EngineError('bad_backup', `${path} was changed or damaged after the backup: its sha256 is another`);
};

const factsOf = (entry: LedgerEntry): LedgerFacts => ({
  coin: entry.coin,
  network: entry.network,
  ledgerId: entry.ledger_id,
  height: entry.height,
  blockHash: entry.block_hash,
  sequence: entry.sequence,
});
