import {scryptSync} from 'node:crypto';
import type {Coin, Network} from '../coins/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {type BlockHash, hashToHex} from '../primitives/ids.ts';
import {sha256d} from '../primitives/sha256d.ts';
import {HEADER_BYTES} from './walk.ts';

/** The first 80 bytes of a block. */
export interface Header {
  readonly raw: Buffer;
  readonly hash: BlockHash;
  readonly previous: BlockHash;
  /** In wire order. */
  readonly merkleRoot: Buffer;
  /** Seconds. */
  readonly time: number;
  /** The target that its work must reach, in compact form. */
  readonly bits: number;
}

/** Throws `bad_backend_answer` for fewer bytes than a header has; what follows it is left alone. */
export const readHeader = (bytes: Buffer): Header => {
  if (bytes.length < HEADER_BYTES)
    throw new EngineError('bad_backend_answer', 'the server sent a truncated header', {retry: 'backoff'});
  // A copy, or one header would keep a whole block in memory.
  const raw = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  return {
    raw,
    hash: hashToHex(sha256d(raw)) as BlockHash,
    previous: hashToHex(raw.subarray(4, 36)) as BlockHash,
    merkleRoot: raw.subarray(36, 68),
    time: raw.readUInt32LE(68),
    bits: raw.readUInt32LE(72),
  };
};

/** The number that compact form stands for; 0 for forms that no header may have (negative, or above 256 bits). */
export const targetOf = (bits: number): bigint => {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x7f_ffff);
  if ((bits & 0x80_0000) !== 0 || exponent > 32) return 0n;
  return exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
};

/** Blocks after which the difficulty is set anew, and by how much it may then fall. */
const RETARGET_INTERVAL = 2016;
const RETARGET_FACTOR = 4n;

/**
 * What is wrong with the work of a header at this height, in words; undefined when nothing is, or when the coin's work
 * is not checked here. `below` is the header it names as previous: with it, on networks where difficulty moves slowly,
 * a header must cost about what its chain costs, and not only what the easiest header would.
 */
export const workFault = (
  header: Header,
  height: number,
  below: Header | undefined,
  {proofOfWork}: Pick<Coin, 'proofOfWork'>,
  {easiestBits, steadyDifficulty}: Pick<Network, 'easiestBits' | 'steadyDifficulty'>,
): string | undefined => {
  if (proofOfWork === undefined || easiestBits === undefined) return undefined;
  const target = targetOf(header.bits);
  const work = proofOfWork === 'scrypt' ? scryptOf(header.raw) : header.hash;
  if (BigInt(`0x${work}`) > target) return 'its hash does not reach its own target';
  if (target > targetOf(easiestBits)) return 'its target is easier than the network allows';
  if (!steadyDifficulty || below === undefined) return undefined;
  if (height % RETARGET_INTERVAL !== 0)
    return header.bits === below.bits ? undefined : 'its target is not that of the block below it';
  return target > targetOf(below.bits) * RETARGET_FACTOR
    ? 'its target rose further than one adjustment can'
    : undefined;
};

/** Litecoin's proof of work. */
const scryptOf = (raw: Buffer): string => hashToHex(scryptSync(raw, raw, 32, {N: 1024, r: 1, p: 1}));
