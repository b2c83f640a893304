import type {BlockFormat} from '../coins/index.ts';
import {satoshi, type Satoshi} from '../primitives/amount.ts';
import {type BlockHash, hashToHex, type Outpoint, type Txid, txidFromWire} from '../primitives/ids.ts';
import {sha256d} from '../primitives/sha256d.ts';
import type {BlockFacts, CandidateOutput, RelevantTransaction} from './facts.ts';
import {
  BITCOIN,
  guarded,
  HEADER_BYTES,
  malformed,
  NOTHING_WATCHED,
  readCount,
  readFlags,
  skipBytes,
  skipHeader,
  type Walk,
  walkOf,
  walkTransaction,
  wireTxid,
} from './walk.ts';
import type {Watched} from './watch-set.ts';

/** Hash of a block by its header, the first 80 bytes. */
export const blockHashOf = (raw: Buffer): BlockHash => hashToHex(sha256d(raw.subarray(0, HEADER_BYTES))) as BlockHash;

/** The transaction just walked, in full. Only for hits: this is where memory and hashing are spent. */
const relevantTransaction = (walk: Walk, watch: Watched): RelevantTransaction => {
  // A copy, or one deposit of 200 bytes would keep a whole block in memory.
  const raw = Buffer.from(walk.bytes.subarray(walk.start, walk.position));
  const own = walkOf(raw, walk.format);
  own.position = walk.body - walk.start;
  const {inputs, coinbase} = readInputs(own);
  return {txid: txidFromWire(wireTxid(walk)), raw, coinbase, inputs, outputs: readOutputs(own, watch)};
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

const readOutputs = (walk: Walk, watch: Watched): CandidateOutput[] => {
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

const readAmounts = (walk: Walk): Satoshi[] => {
  const amounts: Satoshi[] = [];
  for (let left = readCount(walk); left > 0; left--) {
    amounts.push(satoshi(walk.view.getBigUint64(walk.position, true)));
    walk.position += 8;
    skipBytes(walk);
  }
  return amounts;
};

/**
 * What a raw block holds for us. Throws `bad_backend_answer` for bytes that are not exactly one block; that the block is
 * the one asked for is the caller's to compare, by `hash`. Outputs that may be ours are watched at once, so that
 * whatever spends them is found too: further down in the same block, as consensus has every spender behind what it
 * spends, and in the blocks above.
 */
export const skimBlock = (raw: Buffer, height: number, watch: Watched, format: BlockFormat = BITCOIN): BlockFacts =>
  guarded('block', () => {
    const walk = walkOf(raw, format);
    const time = walk.view.getUint32(68, true);
    const transactions: RelevantTransaction[] = [];
    skipHeader(walk);
    for (let left = readCount(walk); left > 0; left--) {
      walkTransaction(walk, watch, false);
      if (!walk.hit) continue;
      const transaction = relevantTransaction(walk, watch);
      for (const {vout} of transaction.outputs) watch.addOutpoint({txid: transaction.txid, vout});
      transactions.push(transaction);
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
  watch: Watched,
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

/** What every output of a raw transaction holds, in order. Throws `bad_backend_answer` like the skim. */
export const amountsOf = (raw: Buffer, format: BlockFormat): Satoshi[] =>
  guarded('transaction', () => {
    const walk = walkOf(raw, format);
    readFlags(walk);
    walk.position = walk.body;
    readInputs(walk);
    return readAmounts(walk);
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
    return walk.mwebOnly ? undefined : txidFromWire(wireTxid(walk));
  });

/** Txid of a transaction in Bitcoin's serialization. Throws `bad_backend_answer` like the skim. */
export const txidOf = (raw: Buffer): Txid => findTxid(raw, BITCOIN)!;
