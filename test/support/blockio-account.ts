import {createCipheriv, createHash, pbkdf2Sync} from 'node:crypto';
import * as ecc from 'tiny-secp256k1';

// What an account of the test's block.io has: its API key, its PIN, and the key that the PIN opens.

export const API_KEY = '1d97-bd77-fa40-c6e1';
export const PIN = 'a pin for tests only';
const PASSPHRASE = 'the key of the user';

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
export const publicKeyOf = (key: Uint8Array): Buffer<ArrayBuffer> => Buffer.from(ecc.pointFromScalar(key, true)!);

/** The private key of the account's user: the hash of what is sealed. */
export const userKey = (): Buffer => sha256(PASSPHRASE);

/** It, sealed by the PIN as block.io seals it. */
export const sealedKey = (): Record<string, unknown> => {
  const algorithm = {
    pbkdf2_salt: '7ccf40ce398f0fb475fe91043f7dce57',
    pbkdf2_iterations: 2048,
    pbkdf2_hash_function: 'SHA256',
    pbkdf2_phase1_key_length: 16,
    pbkdf2_phase2_key_length: 32,
    aes_iv: '7c69a5e81e53ba05213b35bb',
    aes_cipher: 'AES-256-GCM',
  };
  const {pbkdf2_salt: salt, aes_iv: iv} = algorithm;
  const first = pbkdf2Sync(PIN, salt, 1024, 16, 'sha256').toString('hex');
  const cipher = createCipheriv('aes-256-gcm', pbkdf2Sync(first, salt, 1024, 32, 'sha256'), Buffer.from(iv, 'hex'));
  const sealed = Buffer.concat([cipher.update(Buffer.from(PASSPHRASE).toString('hex'), 'utf8'), cipher.final()]);
  return {
    public_key: publicKeyOf(userKey()).toString('hex'),
    encrypted_passphrase: sealed.toString('base64'),
    algorithm: {...algorithm, aes_auth_tag: cipher.getAuthTag().toString('hex'), aes_auth_data: ''},
  };
};

export const toSatoshi = (text: string): number => Math.round(Number(text) * 1e8);
export const toText = (amount: number): string => (amount / 1e8).toFixed(8);
export const sumOf = (coins: readonly {amount: number}[]): number =>
  coins.reduce((total, {amount}) => total + amount, 0);
