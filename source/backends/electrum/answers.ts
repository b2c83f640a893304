import {z} from 'zod';
import {parseTxid} from '../../primitives/ids.ts';
import type {Faults} from './faults.ts';

/** Shapes of an Electrum server's answers (protocol 1.4): only what is read of them. */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/i);
const count = z.number().int().nonnegative();
const txid = hash.transform(parseTxid);

export const version = z.tuple([z.string(), z.string()]);
export const features = z.object({genesis_hash: hash, hash_function: z.string().optional()});
export const tipHeader = z.object({height: count, hex});
export const headerChunk = z.object({count, hex});
export const rawBytes = hex;
export const status = z.string().nullable();
/** `height`: 0 in the mempool, -1 there with an unconfirmed parent. */
export const history = z.array(z.object({tx_hash: txid, height: z.number().int().min(-1)}));
/** Deeper than 32 no block can be. */
export const merkleProof = z.object({block_height: count, pos: count, merkle: z.array(hash).max(32)});
/** Whole coins per 1,000 vB, as a float: a feerate, never money. -1 when unknown. */
export const coinsPerKvb = z.number();
export const subscribed = z.tuple([hash, status]);
export const headerNotice = z.tuple([tipHeader]);

/** Throws `bad_backend_answer` naming the first thing that is not as it should be. */
export const readAs = <Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  method: string,
  faults: Faults,
): z.output<Schema> => {
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw faults.badAnswer(method, `something unexpected at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`);
};
