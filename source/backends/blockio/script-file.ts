import {mkdir, open, readFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import {syncFolder} from '../../primitives/sync-folder.ts';
import {ADDRESS_TYPES, isPublicKey, type AddressType, type Multisig} from './multisig.ts';

const HEADER =
  '# The keys of each dtrust address, in the order of its script: without them its coins cannot be spent. Back this up.\n' +
  '# address type required key,key,...';

/**
 * Public keys of addresses, one address a line. block.io has a key of its own in each address: whoever does not know that
 * key cannot make the script, and so cannot spend, with all of our keys in hand.
 */
export class ScriptFile {
  readonly #path: string;
  readonly #field: string;
  #lines: Map<string, string> | undefined;

  /** `field`: the key of the config that names the file. */
  constructor(path: string, field: string) {
    this.#path = path;
    this.#field = field;
  }

  /**
   * What it says of an address; undefined when it says nothing, or a line was cut short by a crash: nobody was told of that
   * address. Whether the keys make the address is for the caller to see.
   */
  async find(address: string): Promise<Multisig | undefined> {
    this.#lines ??= await this.#read();
    const line = this.#lines.get(address);
    return line === undefined ? undefined : readLine(line);
  }

  /** Durable once it resolves. */
  async append(address: string, {type, required, publicKeys}: Multisig): Promise<void> {
    const line = `${address} ${type} ${required} ${publicKeys.map(key => key.toString('hex')).join(',')}`;
    try {
      await mkdir(dirname(this.#path), {recursive: true});
      const file = await open(this.#path, 'a', 0o600);
      let isNew = false;
      try {
        isNew = (await file.stat()).size === 0;
        // The break comes first: what a crash cut short spoils no line but its own.
        await file.appendFile(`${isNew ? HEADER : ''}\n${line}`);
        await file.sync();
      } finally {
        await file.close();
      }
      if (isNew) await syncFolder(dirname(this.#path));
    } catch (error) {
      throw this.#fault('written', error);
    }
    this.#lines?.set(address, line);
  }

  /** Lines by address, not looked into: there may be a hundred thousand, of which a payout needs a few. */
  async #read(): Promise<Map<string, string>> {
    try {
      const lines = (await readFile(this.#path, 'utf8')).split('\n');
      return new Map(lines.map(line => [line.slice(0, line.indexOf(' ')), line]));
    } catch (error) {
      if ((error as {code?: unknown}).code === 'ENOENT') return new Map();
      throw this.#fault('read', error);
    }
  }

  #fault(what: string, error: unknown): EngineError {
    return new EngineError(
      'backend_unavailable',
      `${this.#path} (${this.#field}) cannot be ${what}: ${messageOf(error)}`,
      {
        retry: 'backoff',
        field: this.#field,
        cause: error,
      },
    );
  }
}

const readLine = (line: string): Multisig | undefined => {
  const [, type = '', count = '', keys = ''] = line.split(' ');
  const publicKeys = keys.split(',');
  const required = Number(count);
  if (!ADDRESS_TYPES.includes(type as AddressType) || !publicKeys.every(isPublicKey)) return undefined;
  if (!Number.isInteger(required) || required < 1 || required > publicKeys.length) return undefined;
  return {type: type as AddressType, required, publicKeys: publicKeys.map(key => Buffer.from(key, 'hex'))};
};
