import {createHash} from 'node:crypto';
import {access, chmod, constants, mkdir, open, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError} from '../../primitives/errors.ts';
import {syncFolder} from '../../primitives/sync-folder.ts';
import {MAX_BYTES} from './read-submission.ts';

/** A file that may hold signatures. */
export interface FoundFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** ms since it was written last: one that is being copied is not judged yet. */
  readonly age: number;
}

/** ms after which a file is taken to be written to its end. */
export const SETTLED = 5000;

/**
 * The folder where unsigned transactions of a coin wait and signed ones come back. Files are written whole or not at all,
 * readable by their owner only. Throws `psbt_folder` when it cannot be used.
 */
export class PsbtFolder {
  readonly #path: string;
  readonly #coin: string;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(path: string, coin: string, clock: Pick<Clock, 'now'>) {
    this.#path = path;
    this.#coin = coin;
    this.#clock = clock;
  }

  /** Whether it can be written, or made; makes nothing. */
  async probe(): Promise<void> {
    try {
      await access(this.#path, constants.W_OK);
    } catch (error) {
      if (!isMissing(error)) throw this.#unusable(error);
      // It is made with the first transaction.
      await access(dirname(this.#path), constants.W_OK).catch((fault: unknown) => {
        throw this.#unusable(fault);
      });
    }
  }

  /** Absolute path of the unsigned transaction with this id. */
  fileOf(id: string): string {
    return join(this.#path, this.#nameOf(id));
  }

  #nameOf(id: string): string {
    return `${this.#coin}-${id}.psbt`;
  }

  /** Id of an unsigned transaction by the name of its file. */
  #idOf(name: string): string | undefined {
    return new RegExp(`^${this.#coin}-(\\d+)\\.psbt$`).exec(name)?.[1];
  }

  /** Ours by its name, whatever is in it. */
  isOurs(name: string): boolean {
    return name.startsWith(`${this.#coin}-`);
  }

  /** Puts the unsigned transaction there unless it is. Somebody may have signed it in its place: that is kept. */
  async putUnsigned(id: string, psbt: Buffer): Promise<void> {
    await this.#within(async () => {
      if ((await readdir(this.#path)).includes(this.#nameOf(id))) return;
      await this.#write(this.#nameOf(id), psbt);
    });
  }

  /** Keeps what came another way beside what comes through the folder; the same again is the same file. */
  async putSigned(id: string, bytes: Buffer): Promise<void> {
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    await this.#within(async () => this.#write(`${this.#coin}-${id}.${digest}.signed.psbt`, bytes));
  }

  /** Every `.psbt` that is there, oldest name first. */
  async read(): Promise<FoundFile[]> {
    return this.#within(async () => {
      const found: FoundFile[] = [];
      for (const name of (await readdir(this.#path)).sort()) {
        if (!name.endsWith('.psbt')) continue;
        const file = await readOne(join(this.#path, name), this.#clock.now());
        if (file !== undefined) found.push({name, ...file});
      }
      return found;
    });
  }

  /** Ids of unsigned transactions that are there. */
  async waiting(): Promise<string[]> {
    return this.#within(async () => (await readdir(this.#path)).flatMap(name => this.#idOf(name) ?? []));
  }

  async removeUnsigned(id: string): Promise<void> {
    await this.#within(async () => rm(join(this.#path, this.#nameOf(id)), {force: true}));
  }

  /** Out of the way, and nothing lost: `used`, or `refused` with the reason in a file beside it. */
  async setAside(name: string, how: 'used' | 'refused', words: string): Promise<void> {
    await this.#within(async () => {
      const there = new Set(await readdir(this.#path));
      let aside = `${name}.${how}`;
      for (let number = 2; there.has(aside); number += 1) aside = `${name}.${number}.${how}`;
      await rename(join(this.#path, name), join(this.#path, aside));
      if (how === 'refused') await this.#write(`${aside}.txt`, Buffer.from(`${words}\n`));
    });
  }

  async #write(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.#path, name);
    const partial = `${path}.partial`;
    const file = await open(partial, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(partial, 0o600);
    await rename(partial, path);
    await syncFolder(this.#path);
  }

  async #within<Value>(act: () => Promise<Value>): Promise<Value> {
    try {
      await mkdir(this.#path, {recursive: true, mode: 0o700});
      return await act();
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  #unusable(cause: unknown): EngineError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    return new EngineError('psbt_folder', `the folder ${this.#path} cannot be used (${code})`, {
      retry: 'backoff',
      field: `coins.${this.#coin}.wallet.signer.folder`,
      cause,
    });
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Undefined for what is no file, or was taken away meanwhile. */
const readOne = async (path: string, now: number): Promise<Omit<FoundFile, 'name'> | undefined> => {
  try {
    const status = await stat(path);
    if (!status.isFile()) return undefined;
    const bytes = status.size > MAX_BYTES ? Buffer.alloc(0) : await readFile(path);
    return {bytes, age: now - status.mtimeMs};
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};
