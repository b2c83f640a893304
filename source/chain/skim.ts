import {hash} from 'node:crypto';
import type {BlockFormat} from '../coins/index.ts';
import {satoshi} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import {type BlockHash, hashToHex, type Outpoint, type Txid, txidFromWire} from '../primitives/ids.ts';
import type {BlockFacts, CandidateOutput, RelevantTransaction} from './facts.ts';
import {WatchSet} from './watch-set.ts';

// Consensus serialization as in BIP144. Every read goes through a DataView, whose bounds check is what finds truncated
// bytes: no length that the bytes claim is believed before the read behind it succeeded, and nothing is allocated by it.

const HEADER_BYTES = 80;

/** Bit of the block version that says that the proof of a merge-mined parent follows the header. */
const VERSION_AUXPOW = 0x100;
/** Flags behind the marker of the extended serialization. */
const FLAG_WITNESS = 1;
const FLAG_MWEB = 8;

const BITCOIN: BlockFormat = {auxpow: false, mweb: false, maxOutput: satoshi(2_100_000_000_000_000n)};

/** Where the last walked transaction's parts begin. One per skim, so that walking allocates nothing. */
interface Walk {
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

const walkOf = (bytes: Buffer, format: BlockFormat): Walk => ({
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

const malformed = (what: string, cause?: unknown) =>
  new EngineError('bad_backend_answer', `the node sent ${what}`, {retry: 'backoff', cause});

/** CompactSize; only the shortest form counts, as in Bitcoin Core. */
const readCount = (walk: Walk): number => {
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

const skipBytes = (walk: Walk): void => {
  const length = readCount(walk);
  walk.position += length;
};

const skipInputs = (walk: Walk, count: number, watch: WatchSet): void => {
  for (let index = 0; index < count; index++) {
    if (!walk.hit && watch.hasOutpoint(walk.view, walk.position)) walk.hit = true;
    walk.position += 36;
    skipBytes(walk);
    walk.position += 4;
  }
};

const skipOutputs = (walk: Walk, count: number, watch: WatchSet): void => {
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

const NOTHING_WATCHED = new WatchSet();

/** Flags of the extended serialization, 0 for the plain one. Leaves `body` at the input count. */
const readFlags = (walk: Walk): number => {
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
const walkTransaction = (walk: Walk, watch: WatchSet, isAlone: boolean): void => {
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
const skipHeader = (walk: Walk): void => {
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

/** Double SHA-256. The one-shot call costs a third of a hash object. */
const sha256d = (bytes: Uint8Array): Buffer => hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');

/** Without marker, flag and witnesses, which the txid does not cover (BIP141). */
const txidBytes = (raw: Buffer, body: number, bodyEnd: number): Buffer =>
  Buffer.concat([raw.subarray(0, 4), raw.subarray(body, bodyEnd), raw.subarray(-4)]);

/** Hash of a block by its header, the first 80 bytes. */
export const blockHashOf = (raw: Buffer): BlockHash => hashToHex(sha256d(raw.subarray(0, HEADER_BYTES))) as BlockHash;

/** The transaction just walked, in full. Only for hits: this is where memory and hashing are spent. */
const relevantTransaction = (walk: Walk, watch: WatchSet): RelevantTransaction => {
  // A copy, or one deposit of 200 bytes would keep a whole block in memory.
  const raw = Buffer.from(walk.bytes.subarray(walk.start, walk.position));
  const body = walk.body - walk.start;
  const bodyEnd = walk.bodyEnd - walk.start;
  const txid = txidFromWire(sha256d(txidBytes(raw, body, bodyEnd)));
  const own = walkOf(raw, walk.format);
  own.position = body;
  const {inputs, coinbase} = readInputs(own);
  return {txid, raw, coinbase, inputs, outputs: readOutputs(own, watch)};
};

const readInputs = (walk: Walk): {inputs: Outpoint[]; coinbase: boolean} => {
  const inputs: Outpoint[] = [];
  let coinbase = false;
  for (let left = readCount(walk); left > 0; left--) {
    const previous = walk.bytes.subarray(walk.position, walk.position + 32);
    const vout = walk.view.getUint32(walk.position + 32, true);
    if (vout === 0xffff_ffff && previous.every(byte => byte === 0)) coinbase = true;
    else inputs.push({txid: txidFromWire(previous), vout});
    walk.position += 36;
    skipBytes(walk);
    walk.position += 4;
  }
  return {inputs, coinbase};
};

const readOutputs = (walk: Walk, watch: WatchSet): CandidateOutput[] => {
  const outputs: CandidateOutput[] = [];
  const count = readCount(walk);
  for (let vout = 0; vout < count; vout++) {
    const amount = walk.view.getBigUint64(walk.position, true);
    if (amount > walk.format.maxOutput) throw malformed('an output above the supply of coins');
    walk.position += 8;
    const length = readCount(walk);
    const start = walk.position;
    walk.position += length;
    if (watch.hasScript(walk.view, start, walk.position))
      outputs.push({vout, scriptPubKey: walk.bytes.subarray(start, walk.position), amount: satoshi(amount)});
  }
  return outputs;
};

/** Runs a skim; bytes that end too early become an EngineError. */
const guarded = <Result>(what: string, skim: () => Result): Result => {
  try {
    return skim();
  } catch (error) {
    if (error instanceof RangeError) throw malformed(`a truncated ${what}`, error);
    throw error;
  }
};

/**
 * What a raw block holds for us. Pure. Throws `bad_backend_answer` for bytes that are not exactly one block; that the
 * block is the one asked for is the caller's to compare, by `hash`.
 */
export const skimBlock = (raw: Buffer, height: number, watch: WatchSet, format: BlockFormat = BITCOIN): BlockFacts =>
  guarded('block', () => {
    const walk = walkOf(raw, format);
    const time = walk.view.getUint32(68, true);
    const transactions: RelevantTransaction[] = [];
    skipHeader(walk);
    for (let left = readCount(walk); left > 0; left--) {
      walkTransaction(walk, watch, false);
      if (walk.hit) transactions.push(relevantTransaction(walk, watch));
    }
    // Behind the transaction that ties it to the block stands the MWEB extension, which holds nothing of ours.
    if (walk.position !== raw.length && !walk.hogEx) throw malformed('a block with bytes behind its end');
    return {
      height,
      hash: blockHashOf(raw),
      previous: hashToHex(raw.subarray(4, 36)) as BlockHash,
      time,
      transactions,
    };
  });

/**
 * The transaction if an output hits a watched script or an input a watched outpoint. Pure. Throws `bad_backend_answer`
 * for bytes that are not exactly one transaction.
 */
export const skimTransaction = (
  raw: Buffer,
  watch: WatchSet,
  format: BlockFormat = BITCOIN,
): RelevantTransaction | undefined =>
  guarded('transaction', () => {
    const walk = walkOf(raw, format);
    walkTransaction(walk, watch, true);
    if (walk.position !== raw.length) throw malformed('a transaction with bytes behind its end');
    return walk.hit ? relevantTransaction(walk, watch) : undefined;
  });

/** What a raw transaction spends; nothing for a coinbase. Throws `bad_backend_answer` like the skim. */
export const inputsOf = (raw: Buffer, format: BlockFormat): Outpoint[] =>
  guarded('transaction', () => {
    const walk = walkOf(raw, format);
    readFlags(walk);
    walk.position = walk.body;
    return readInputs(walk).inputs;
  });

/**
 * Txid of raw transaction bytes, witness or not. Undefined for one with MWEB parts only, whose txid stands in data that
 * are not read here. Throws `bad_backend_answer` like the skim.
 */
export const findTxid = (raw: Buffer, format: BlockFormat): Txid | undefined =>
  guarded('transaction', () => {
    const walk = walkOf(raw, format);
    walkTransaction(walk, NOTHING_WATCHED, true);
    if (walk.position !== raw.length) throw malformed('a transaction with bytes behind its end');
    return walk.mwebOnly ? undefined : txidFromWire(sha256d(txidBytes(raw, walk.body, walk.bodyEnd)));
  });

/** Txid of a transaction in Bitcoin's serialization. Throws `bad_backend_answer` like the skim. */
export const txidOf = (raw: Buffer): Txid => findTxid(raw, BITCOIN)!;
