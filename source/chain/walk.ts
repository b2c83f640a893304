import type {BlockFormat} from '../coins/index.ts';
import {satoshi} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import {sha256d} from '../primitives/sha256d.ts';
import {type Watched, WatchSet} from './watch-set.ts';

// Consensus serialization as in BIP144. Every read goes through a DataView, whose bounds check is what finds truncated
// bytes: no length that the bytes claim is believed before the read behind it succeeded, and nothing is allocated by it.

export const HEADER_BYTES = 80;

/** Bit of the block version that says that the proof of a merge-mined parent follows the header. */
const VERSION_AUXPOW = 0x100;
/** Flags behind the marker of the extended serialization. */
const FLAG_WITNESS = 1;
const FLAG_MWEB = 8;

export const BITCOIN: BlockFormat = {auxpow: false, mweb: false, maxOutput: satoshi(2_100_000_000_000_000n)};

/** Where the last walked transaction's parts begin. One per skim, so that walking allocates nothing. */
export interface Walk {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly format: BlockFormat;
  /** Next byte to read. */
  position: number;
  start: number;
  /** The input count, behind marker and flag. */
  body: number;
  /** Behind the last output. */
  bodyEnd: number;
  hit: boolean;
  /** Flag 0x08 without MWEB data: the transaction that ties a block to its extension. */
  hogEx: boolean;
  /** Only MWEB inputs and outputs: its txid is a kernel's hash, which these bytes do not tell. */
  mwebOnly: boolean;
}

export const walkOf = (bytes: Buffer, format: BlockFormat): Walk => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  format,
  position: 0,
  start: 0,
  body: 0,
  bodyEnd: 0,
  hit: false,
  hogEx: false,
  mwebOnly: false,
});

export const malformed = (what: string, cause?: unknown) =>
  new EngineError('bad_backend_answer', `the node sent ${what}`, {retry: 'backoff', cause});

/** CompactSize; only the shortest form counts, as in Bitcoin Core. */
export const readCount = (walk: Walk): number => {
  const {view} = walk;
  const first = view.getUint8(walk.position);
  if (first < 0xfd) {
    walk.position += 1;
    return first;
  }
  let value: number;
  let least: number;
  if (first === 0xfd) {
    value = view.getUint16(walk.position + 1, true);
    least = 0xfd;
    walk.position += 3;
  } else if (first === 0xfe) {
    value = view.getUint32(walk.position + 1, true);
    least = 0x1_0000;
    walk.position += 5;
  } else throw malformed('a transaction with a length above 4 GB');
  if (value < least) throw malformed('a transaction with a length that is not in its shortest form');
  return value;
};

export const skipBytes = (walk: Walk): void => {
  const length = readCount(walk);
  walk.position += length;
};

const skipInputs = (walk: Walk, count: number, watch: Watched): void => {
  for (let index = 0; index < count; index++) {
    if (!walk.hit && watch.hasOutpoint(walk.view, walk.position)) walk.hit = true;
    walk.position += 36;
    skipBytes(walk);
    walk.position += 4;
  }
};

const skipOutputs = (walk: Walk, count: number, watch: Watched): void => {
  for (let index = 0; index < count; index++) {
    walk.position += 8;
    const length = readCount(walk);
    const start = walk.position;
    walk.position = start + length;
    if (walk.position > walk.bytes.length) throw malformed('a truncated transaction');
    if (!walk.hit && watch.hasScript(walk.view, start, walk.position)) walk.hit = true;
  }
};

const skipWitnesses = (walk: Walk, inputs: number): void => {
  let items = 0;
  for (let index = 0; index < inputs; index++) {
    const count = readCount(walk);
    items += count;
    for (let item = 0; item < count; item++) skipBytes(walk);
  }
  if (items === 0) throw malformed('a transaction that is marked as segwit without a witness');
};

export const NOTHING_WATCHED = new WatchSet();

/** Flags of the extended serialization, 0 for the plain one. Leaves `body` at the input count. */
export const readFlags = (walk: Walk): number => {
  walk.body = walk.start + 4;
  if (walk.view.getUint8(walk.body) !== 0) return 0;
  const flags = walk.view.getUint8(walk.body + 1);
  const known = walk.format.mweb ? FLAG_WITNESS | FLAG_MWEB : FLAG_WITNESS;
  if (flags === 0 || (flags & ~known) !== 0) throw malformed('a transaction with an unknown flag or without inputs');
  walk.body += 2;
  return flags;
};

/** Behind the MWEB part. `isAlone`: the transaction ends where the bytes do, so that its MWEB data need no parser. */
const skipMweb = (walk: Walk, isAlone: boolean): void => {
  const isPresent = walk.view.getUint8(walk.position) !== 0;
  walk.hogEx = !isPresent;
  // Blocks carry MWEB data in their extension only.
  if (isPresent && !isAlone) throw malformed('a block whose transaction holds MWEB data');
  walk.position = isPresent ? walk.bytes.length - 4 : walk.position + 1;
};

/** Moves behind one transaction and notes whether it hit. */
export const walkTransaction = (walk: Walk, watch: Watched, isAlone: boolean): void => {
  walk.start = walk.position;
  walk.hit = false;
  walk.hogEx = false;
  const flags = readFlags(walk);
  const isMweb = (flags & FLAG_MWEB) !== 0;
  walk.position = walk.body;
  const inputs = readCount(walk);
  if (inputs === 0 && !isMweb) throw malformed('a transaction without inputs');
  skipInputs(walk, inputs, watch);
  const outputs = readCount(walk);
  skipOutputs(walk, outputs, watch);
  walk.bodyEnd = walk.position;
  walk.mwebOnly = isMweb && inputs === 0 && outputs === 0;
  if ((flags & FLAG_WITNESS) !== 0) skipWitnesses(walk, inputs);
  if (isMweb) skipMweb(walk, isAlone);
  walk.position += 4;
  if (walk.position > walk.bytes.length) throw malformed('a truncated transaction');
};

/** Behind the header and, in a merge-mined block, behind the parent's coinbase, two merkle branches and header. */
export const skipHeader = (walk: Walk): void => {
  walk.position = HEADER_BYTES;
  if (!walk.format.auxpow || (walk.view.getUint32(0, true) & VERSION_AUXPOW) === 0) return;
  walkTransaction(walk, NOTHING_WATCHED, false);
  walk.position += 32;
  for (let branch = 0; branch < 2; branch++) {
    const hashes = readCount(walk);
    walk.position += hashes * 32 + 4;
  }
  walk.position += HEADER_BYTES;
};

/** Txid, as in the wire, of the transaction just walked: without marker, flag and witnesses, which it does not cover (BIP141). */
export const wireTxid = ({bytes, start, body, bodyEnd, position}: Walk): Buffer =>
  sha256d(
    Buffer.concat([
      bytes.subarray(start, start + 4),
      bytes.subarray(body, bodyEnd),
      bytes.subarray(position - 4, position),
    ]),
  );

/** Runs a skim; bytes that end too early become an EngineError. */
export const guarded = <Result>(what: string, skim: () => Result): Result => {
  try {
    return skim();
  } catch (error) {
    if (error instanceof RangeError) throw malformed(`a truncated ${what}`, error);
    throw error;
  }
};
