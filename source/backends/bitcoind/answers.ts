import {z} from 'zod';
import {parseBlockHash, parseTxid, type Txid} from '../../primitives/ids.ts';
import type {Faults} from './faults.ts';

/** Shapes of bitcoind's answers: only what is read of them. Numbers with a fraction may be the node's own text. */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
export const txid = hash.transform(parseTxid);
export const blockHash = hash.transform(parseBlockHash);
/** An amount of coins, or of coins per 1,000 vB, as decimal text. An integer may have come without a fraction. */
export const decimal = z.union([
  z.string().regex(/^[0-9]+(?:\.[0-9]{1,8})?$/),
  z.number().int().nonnegative().transform(String),
]);
const count = z.number().int().nonnegative();

export const blockchainInfo = z.object({
  chain: z.string(),
  blocks: count,
  headers: z.number().int(),
  bestblockhash: blockHash,
  /** Since Bitcoin Core 23. */
  time: count.optional(),
  /** Since Bitcoin Core 0.16. */
  initialblockdownload: z.boolean().optional(),
  pruned: z.boolean(),
  pruneheight: count.optional(),
});

export const mempoolState = z.object({loaded: z.boolean().optional()});

export const mempoolInfo = z.object({
  size: count,
  bytes: count,
  mempoolminfee: decimal,
  minrelaytxfee: decimal.optional(),
});

export const networkInfo = z.object({subversion: z.string(), connections: count, relayfee: decimal});

export const spendingPrevouts = z.array(z.object({spendingtxid: txid.optional()}));

export const addressInfo = z.object({
  ismine: z.boolean(),
  parent_desc: z.string().optional(),
  hdseedid: z.string().optional(),
  hdmasterkeyid: z.string().optional(),
});

export const walletInfo = z.object({
  descriptors: z.boolean().optional(),
  hdseedid: z.string().optional(),
  hdmasterkeyid: z.string().optional(),
  immature_balance: decimal.optional(),
});

export const descriptors = z.object({descriptors: z.array(z.object({desc: z.string(), active: z.boolean()}))});

/** Litecoin's wallet lists coins inside MWEB too, which have no vout. */
export const unspent = z.object({
  txid,
  vout: count.optional(),
  amount: decimal,
  scriptPubKey: z
    .string()
    .regex(/^(?:[0-9a-f]{2})+$/)
    .optional(),
});

export const balances = z.object({mine: z.object({immature: decimal})});

/** Before Bitcoin Core 0.15 an unknown feerate is -1. */
export const smartFee = z.object({
  feerate: z.union([decimal, z.literal(-1), z.string().regex(/^-1(\.0+)?$/)]).optional(),
});

export const acceptance = z
  .array(z.object({txid, allowed: z.boolean().optional(), 'reject-reason': z.string().optional()}))
  .length(1);

export const confirmed = z.object({confirmations: z.number().int().optional()});

/** The answer as `schema` wants it. Throws `bad_backend_answer` naming the first field that is wrong. */
export const readAs = <Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  method: string,
  faults: Faults,
): z.infer<Schema> => {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.length ? `in ${issue.path.join('.')}, ` : '';
  throw faults.badAnswer(method, `something else than expected: ${where}${issue?.message ?? 'unknown'}`, parsed.error);
};

const TXID = /^[0-9a-f]{64}$/;

/** A mempool's txids, too many for a schema. */
export const readTxids = (answer: unknown, method: string, faults: Faults): Set<Txid> => {
  if (!Array.isArray(answer)) throw faults.badAnswer(method, 'something else than a list');
  const txids = new Set<Txid>();
  for (const text of answer as unknown[]) {
    if (typeof text !== 'string' || !TXID.test(text)) throw faults.badAnswer(method, 'something that is no txid');
    txids.add(text as Txid);
  }
  return txids;
};

export const readBytes = (answer: unknown, method: string, faults: Faults): Buffer => {
  const bytes = typeof answer === 'string' ? Buffer.from(answer, 'hex') : undefined;
  // Buffer.from stops at the first character that is not hex.
  if (bytes === undefined || bytes.length * 2 !== (answer as string).length || bytes.length === 0)
    throw faults.badAnswer(method, 'something that is not hex');
  return bytes;
};
