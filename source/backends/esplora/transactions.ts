import {findTxid} from '../../chain/skim.ts';
import type {BlockFormat} from '../../coins/index.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {AskOptions, RestClient} from './rest-client.ts';

/** Bytes of one raw transaction: as large as a block. */
const TRANSACTION_CAP = 32_000_000;

/**
 * A transaction of the chain or of the mempool, checked to be the one asked for; undefined when the server has none, or
 * when nothing in it can be ours (MWEB parts only).
 */
export const fetchTransaction = async (
  client: RestClient,
  txid: Txid,
  format: BlockFormat,
  options: AskOptions = {},
): Promise<Buffer | undefined> => {
  const route = '/tx/:txid/raw';
  const raw = await client.bytes(route, [txid], {cap: TRANSACTION_CAP, ...options});
  if (raw === undefined) return undefined;
  const found = findTxid(raw, format);
  if (found === undefined) return undefined;
  if (found !== txid) throw client.faults.badAnswer(route, `another transaction than ${txid}`);
  return raw;
};
