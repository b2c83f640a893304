import type {BlockIoWalletConfig} from '../../config/config.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {UserKey} from './answers.ts';
import {readSigningKey, type SigningKey} from './signing-key.ts';
import {openUserKey} from './user-key.ts';

/** Our private keys: from the config, or sealed by the PIN in what block.io sends along. */
export class Keyring {
  readonly #wallet: BlockIoWalletConfig;
  #keys: readonly SigningKey[] | undefined;

  constructor(wallet: BlockIoWalletConfig) {
    this.#wallet = wallet;
  }

  /** Public keys in hex; undefined while the one that the PIN opens was not seen yet. */
  get publicKeys(): readonly string[] | undefined {
    return this.#known()?.map(({publicKey}) => publicKey.toString('hex'));
  }

  /** Opens them once. Throws `wallet_locked` for a wrong PIN, `wallet_mismatch` when block.io names another key of ours. */
  async open(userKey: UserKey | undefined): Promise<readonly SigningKey[]> {
    const known = this.#known();
    if (known !== undefined) {
      const named = userKey?.public_key;
      if (named !== undefined && this.#wallet.type === 'basic' && !this.publicKeys!.includes(named))
        throw new EngineError('wallet_mismatch', 'block.io names another signing key than the configured one');
      return known;
    }
    if (userKey === undefined)
      throw new EngineError('wallet_mismatch', 'block.io sent no key that the PIN could open; set `key` to its backup');
    const {pin} = this.#wallet as {pin: string};
    this.#keys = [await openUserKey(userKey, pin)];
    return this.#keys;
  }

  #known(): readonly SigningKey[] | undefined {
    if (this.#keys !== undefined) return this.#keys;
    const written =
      this.#wallet.type === 'dtrust' ? this.#wallet.keys : [this.#wallet.key].filter(key => key !== undefined);
    if (written.length > 0) this.#keys = written.map(readSigningKey);
    return this.#keys;
  }
}
