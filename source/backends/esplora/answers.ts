import {z} from 'zod';
import {parseBlockHash, parseTxid, type Txid} from '../../primitives/ids.ts';
import type {Faults} from './faults.ts';

/** Shapes of Esplora's answers: only what is read of them. */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const txid = hash.transform(parseTxid);
export const blockHash = hash.transform(parseBlockHash);
const count = z.number().int().nonnegative();
const uint32 = count.max(0xffff_ffff);

/** A block's fields, which are those of its header; its hash tells whether they are right. */
export const blockSummary = z.object({
  id: blockHash,
  height: count,
  /** Signed in some versions. */
  version: z.number().int().min(-0x8000_0000).max(0xffff_ffff),
  timestamp: uint32,
  bits: uint32,
  nonce: uint32,
  merkle_root: hash,
  previousblockhash: hash.nullish(),
  size: count.optional(),
});
export type BlockSummary = z.infer<typeof blockSummary>;
export const blockPage = z.array(blockSummary).max(100);

export const status = z.object({
  confirmed: z.boolean(),
  block_height: count.nullish(),
  block_hash: blockHash.nullish(),
});

/** Transactions of a script. The rest of each is asked of the transaction itself, where it can be checked. */
export const history = z.array(z.object({txid, status})).max(10_000);

export const merkleProof = z.object({block_height: count, merkle: z.array(hash).max(64), pos: count});

export const outspend = z.object({spent: z.boolean(), txid: txid.nullish(), status: status.nullish()});
export const outspends = z.array(outspend).max(100_000);

export const mempoolInfo = z.object({count, vsize: count});

/** Blocks to wait -> sat/vB. */
export const feeEstimates = z.record(z.string().regex(/^\d{1,4}$/), z.number().positive().max(1e6));

/** The answer as `schema` wants it. Throws `bad_backend_answer` naming the first field that is wrong. */
export const readAs = <Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  route: string,
  faults: Faults,
): z.output<Schema> => {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.length ? `in ${issue.path.join('.')}, ` : '';
  throw faults.badAnswer(route, `something else than expected: ${where}${issue?.message ?? 'unknown'}`, parsed.error);
};

const TXID = /^[0-9a-f]{64}$/;

/** A mempool's txids, too many for a schema. */
export const readTxids = (answer: unknown, route: string, faults: Faults): Set<Txid> => {
  if (!Array.isArray(answer)) throw faults.badAnswer(route, 'something else than a list');
  const txids = new Set<Txid>();
  for (const text of answer as unknown[]) {
    if (typeof text !== 'string' || !TXID.test(text)) throw faults.badAnswer(route, 'something that is no txid');
    txids.add(text as Txid);
  }
  return txids;
};
