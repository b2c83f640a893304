import {z} from 'zod';
import {hintsAbout, type Hint} from '../../chain/ports.ts';
import {parseTxid} from '../../primitives/ids.ts';
import type {NoticeReader} from '../bitcoind/http-channel.ts';

const notice = z.object({
  type: z.string(),
  data: z
    .object({
      txid: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .transform(parseTxid)
        .optional(),
    })
    .optional(),
});

/**
 * What block.io posts to a webhook: `{type: "address", data: {network, address, txid, amount_received, confirmations, …}}`,
 * and `{type: "ping"}` when one is made. Only the txid is taken from it, and only to be looked up.
 */
const read = (text: string): Hint[] | undefined => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = notice.safeParse(body);
  if (!parsed.success) return undefined;
  const {type, data} = parsed.data;
  if (type === 'ping') return [];
  return data?.txid === undefined ? [{kind: 'block'}] : hintsAbout(data.txid);
};

export const webhookReader = (path: string | undefined): NoticeReader => ({
  name: 'webhook',
  path,
  read,
  expected: 'a notification of block.io: {"type": "address", "data": {"txid": …}}',
});
