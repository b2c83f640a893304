import {createDecipheriv, createHash, pbkdf2} from 'node:crypto';
import {promisify} from 'node:util';
import {EngineError} from '../../primitives/errors.ts';
import type {UserKey} from './answers.ts';
import {signingKey, type SigningKey} from './signing-key.ts';

const derive = promisify(pbkdf2);

/** How keys were sealed before block.io said so with each of them. */
const LEGACY: NonNullable<UserKey['algorithm']> = {
  pbkdf2_salt: '',
  pbkdf2_iterations: 2048,
  pbkdf2_hash_function: 'SHA256',
  pbkdf2_phase1_key_length: 16,
  pbkdf2_phase2_key_length: 32,
  aes_cipher: 'AES-256-ECB',
};

/**
 * Opens the key that block.io keeps sealed by the PIN: PBKDF2 in two phases, AES, and the SHA-256 of what was sealed is
 * the private key (block.io's libraries, `dynamicExtractKey`). Throws `wallet_locked` when the PIN does not open it: what
 * comes out must be the key whose public half stands beside it.
 */
export const openUserKey = async (userKey: UserKey, pin: string): Promise<SigningKey> => {
  const algorithm = userKey.algorithm ?? LEGACY;
  const key = signingKeyOf(decrypted(userKey.encrypted_passphrase, await stretched(pin, algorithm), algorithm));
  if (key?.publicKey.toString('hex') !== userKey.public_key)
    throw new EngineError('wallet_locked', 'the PIN does not open the key that block.io keeps for it');
  return key;
};

const stretched = async (pin: string, algorithm: typeof LEGACY): Promise<Buffer> => {
  const {pbkdf2_salt: salt, pbkdf2_iterations: iterations} = algorithm;
  const half = Math.floor(iterations / 2);
  const first = await derive(pin, salt, half, algorithm.pbkdf2_phase1_key_length, 'sha256');
  return derive(first.toString('hex'), salt, half, algorithm.pbkdf2_phase2_key_length, 'sha256');
};

/** Hex of what was sealed; undefined for a wrong key, where the cipher notices. */
const decrypted = (sealed: string, aesKey: Buffer, algorithm: typeof LEGACY): string | undefined => {
  const {aes_cipher: cipher, aes_iv: iv, aes_auth_tag: tag, aes_auth_data: data} = algorithm;
  try {
    const bytes = Buffer.from(sealed, 'base64');
    if (cipher !== 'AES-256-GCM') {
      const decipher = createDecipheriv(
        cipher === 'AES-256-CBC' ? 'aes-256-cbc' : 'aes-256-ecb',
        aesKey,
        cipher === 'AES-256-CBC' ? Buffer.from(iv ?? '', 'hex') : null,
      );
      return Buffer.concat([decipher.update(bytes), decipher.final()]).toString('utf8');
    }
    const decipher = createDecipheriv('aes-256-gcm', aesKey, Buffer.from(iv ?? '', 'hex'), {authTagLength: 16});
    decipher.setAuthTag(Buffer.from(tag ?? '', 'hex'));
    decipher.setAAD(Buffer.from(data ?? '', 'hex'));
    return Buffer.concat([decipher.update(bytes), decipher.final()]).toString('utf8');
  } catch {
    // Bad padding, a wrong tag, or parameters that no key was sealed with: the PIN does not open it.
    return undefined;
  }
};

const signingKeyOf = (passphrase: string | undefined): SigningKey | undefined => {
  if (passphrase === undefined || !/^(?:[0-9a-fA-F]{2})+$/.test(passphrase)) return undefined;
  const d = createHash('sha256').update(Buffer.from(passphrase, 'hex')).digest();
  try {
    return signingKey(d);
  } catch {
    // One in 2^128, or never.
    return undefined;
  }
};
