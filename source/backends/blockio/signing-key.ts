import {script, Transaction} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import * as wif from 'wif';
import {EngineError} from '../../primitives/errors.ts';

/** A private key that never shows itself. */
export interface SigningKey {
  readonly publicKey: Buffer;
  /** DER without a hash type, checked against the public key. Low S and low R, the same for the same hash. */
  sign(hash: Uint8Array): Buffer;
}

/** `d`: 32 bytes. Throws `bad_key` for what is no private key of secp256k1. */
export const signingKey = (d: Uint8Array): SigningKey => {
  if (d.length !== 32 || !ecc.isPrivate(d))
    throw new EngineError('bad_key', 'these are not the bytes of a private key');
  const publicKey = Buffer.from(ecc.pointFromScalar(d, true)!);
  return {publicKey, sign: hash => signLowR(d, publicKey, hash)};
};

/**
 * A key as block.io's backup shows it (WIF), or as 64 hex digits. Throws `bad_key` without repeating it. The network
 * byte is not looked at: the public key is compared with the address, which says more.
 */
export const readSigningKey = (text: string): SigningKey => {
  const written = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(written)) return signingKey(Buffer.from(written, 'hex'));
  let decoded: {privateKey: Uint8Array; compressed: boolean};
  try {
    decoded = wif.decode(written);
  } catch {
    // The library's words hold parts of what it read.
    throw new EngineError(
      'bad_key',
      'this is no private key; expected WIF, as in a backup of block.io, or 64 hex digits',
    );
  }
  if (!decoded.compressed)
    throw new EngineError('bad_key', 'this key is of the old, uncompressed kind, which block.io does not take');
  return signingKey(decoded.privateKey);
};

/** The first byte of R below 0x80 saves a byte; RFC 6979 with a counter, as Bitcoin Core does. */
const signLowR = (d: Uint8Array, publicKey: Buffer, hash: Uint8Array): Buffer => {
  const extra = Buffer.alloc(32);
  let signature = ecc.sign(hash, d);
  for (let counter = 1; signature[0]! > 0x7f; counter += 1) {
    extra.writeUInt32LE(counter);
    signature = ecc.sign(hash, d, extra);
  }
  if (!ecc.verify(hash, publicKey, signature)) throw new Error('a fresh signature does not verify');
  return toDer(signature);
};

const toDer = (compact: Uint8Array): Buffer =>
  Buffer.from(script.signature.encode(compact, Transaction.SIGHASH_ALL)).subarray(0, -1);
