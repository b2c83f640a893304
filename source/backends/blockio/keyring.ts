import type {BlockIoWalletConfig} from '../../config/config.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {UserKey} from './answers.ts';
import {readSigningKey, type SigningKey} from './signing-key.ts';
import {openUserKey} from './user-key.ts';

/** Our private keys: from the config, or sealed by the PIN in what block.io sends along. */
export class Keyring {
  readonly #wallet: BlockIoWalletConfig;
  #configured: readonly SigningKey[] | undefined;
  #opened: readonly SigningKey[] | undefined;

  constructor(wallet: BlockIoWalletConfig) {
    this.#wallet = wallet;
  }

  /** Public keys of those in the config, in hex; none where there is a PIN only, also after it has opened one. */
  get configured(): readonly string[] {
    return this.#ofConfig().map(({publicKey}) => publicKey.toString('hex'));
  }

  /** Throws `wallet_locked` for a wrong PIN, `wallet_mismatch` when block.io names another key of ours. */
  async open(userKey: UserKey | undefined): Promise<readonly SigningKey[]> {
    const keys = this.#ofConfig();
    const named = userKey?.public_key;
    if (keys.length === 0) return (this.#opened ??= [await this.#unsealed(userKey)]);
    if (named !== undefined && this.#wallet.type === 'basic' && !this.configured.includes(named))
      throw new EngineError('wallet_mismatch', 'block.io names another signing key than the configured one');
    return keys;
  }

  async #unsealed(userKey: UserKey | undefined): Promise<SigningKey> {
    const {pin} = this.#wallet as {pin?: string | undefined};
    if (userKey === undefined || pin === undefined)
      throw new EngineError('wallet_mismatch', 'block.io sent no key that the PIN could open; set `key` to its backup');
    return openUserKey(userKey, pin);
  }

  #ofConfig(): readonly SigningKey[] {
    const wallet = this.#wallet;
    const written = wallet.type === 'dtrust' ? wallet.keys : wallet.key === undefined ? [] : [wallet.key];
    return (this.#configured ??= written.map(readSigningKey));
  }
}
