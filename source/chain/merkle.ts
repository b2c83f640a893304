import type {BlockFormat} from '../coins/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {type Txid, txidToWire} from '../primitives/ids.ts';
import {sha256d} from '../primitives/sha256d.ts';
import {amountsOf, findTxid} from './skim.ts';
import {guarded, NOTHING_WATCHED, readCount, skipHeader, walkOf, walkTransaction, wireTxid} from './walk.ts';

// The tree of txids that a block's header commits to. All hashes are in wire order, which is the reverse of what is printed.

const parentOf = (left: Buffer, right: Buffer): Buffer => sha256d(Buffer.concat([left, right]));

/**
 * Root of the tree over these txids. Undefined when two neighbours are the same, which an honest block never has and
 * which gives one root to several lists (CVE-2012-2459), or when there are none.
 */
export const merkleRoot = (txids: readonly Buffer[]): Buffer | undefined => {
  let level = txids;
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at]!;
      const right = level[at + 1];
      if (right?.equals(left)) return undefined;
      next.push(parentOf(left, right ?? left));
    }
    level = next;
  }
  return level[0];
};

/** Where a transaction stands in the tree of its block. */
export interface MerkleBranch {
  /** Of the transaction among those of its block. */
  readonly position: number;
  /** The hash beside it on each level, from the leaves up, as printed. */
  readonly hashes: readonly string[];
}

/** A tree of 2^24 transactions: more than any block can hold. */
const DEEPEST = 24;

/**
 * Whether the branch leads from the transaction to the root of its block's header. An inner node that reads as a
 * transaction is refused: such a node could make the branch of a real transaction of 64 bytes prove an invented one.
 */
export const provesInclusion = (
  txid: Txid,
  {position, hashes}: MerkleBranch,
  root: Buffer,
  format: BlockFormat,
): boolean => {
  if (hashes.length > DEEPEST || position < 0 || position >= 2 ** hashes.length) return false;
  let node = txidToWire(txid);
  for (const [level, hash] of hashes.entries()) {
    if (!/^[0-9a-f]{64}$/.test(hash)) return false;
    const beside = txidToWire(hash as Txid);
    const isRight = Math.floor(position / 2 ** level) % 2 === 1;
    // The last of an odd row is beside itself, on the left: to its right nothing is (CVE-2012-2459).
    if (isRight && beside.equals(node)) return false;
    const both = Buffer.concat(isRight ? [beside, node] : [node, beside]);
    if (readsAsTransaction(both, format)) return false;
    node = sha256d(both);
  }
  return node.equals(root);
};

const readsAsTransaction = (bytes: Buffer, format: BlockFormat): boolean => {
  try {
    return (
      findTxid(bytes, format) !== undefined && amountsOf(bytes, format).every(amount => amount <= format.maxOutput)
    );
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
};

/** Txids of a raw block in wire order, in the order of its transactions. Throws `bad_backend_answer` for other bytes. */
export const blockTxids = (raw: Buffer, format: BlockFormat): Buffer[] =>
  guarded('block', () => {
    const walk = walkOf(raw, format);
    skipHeader(walk);
    const txids: Buffer[] = [];
    for (let left = readCount(walk); left > 0; left--) {
      walkTransaction(walk, NOTHING_WATCHED, false);
      txids.push(wireTxid(walk));
    }
    return txids;
  });
