import {readFileSync} from 'node:fs';
import type {RpcAuth} from '../../config/config.ts';

/**
 * The Authorization header. A cookie is kept until it is refused or the connection fails: the file changes at every
 * start of the node, and a stale one costs 250 ms, which bitcoind waits before it refuses.
 */
export class Credentials {
  readonly #auth: RpcAuth;
  #header: string | undefined;
  /** Why the cookie file could not be read last time: the system's code, such as ENOENT. */
  unreadable: string | undefined;

  constructor(auth: RpcAuth) {
    this.#auth = auth;
  }

  /**
   * Undefined when there is no cookie to be read. The request is then sent without: only the node's answer tells
   * whether it runs and wants a cookie, or is down, which removes the file.
   */
  header(): string | undefined {
    this.#header ??= this.#read();
    return this.#header;
  }

  /**
   * Reads the cookie again after `refused` was. False when that cannot help: it is the same, or there is none. Another
   * call may have read the new one meanwhile: then it helps too.
   */
  refresh(refused: string | undefined): boolean {
    if (this.#auth.kind !== 'cookie') return false;
    this.#header = undefined;
    const header = this.header();
    return header !== undefined && header !== refused;
  }

  forget(): void {
    this.#header = undefined;
  }

  #read(): string | undefined {
    const {kind} = this.#auth;
    if (kind === 'password') return basic(`${this.#auth.user}:${this.#auth.password}`);
    try {
      const cookie = readFileSync(this.#auth.path, 'utf8').trim();
      this.unreadable = undefined;
      return basic(cookie);
    } catch (error) {
      // Told by the caller, in words, if the node turns out to run.
      this.unreadable = (error as NodeJS.ErrnoException).code ?? String(error);
      return undefined;
    }
  }
}

const basic = (userAndPassword: string): string => `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
