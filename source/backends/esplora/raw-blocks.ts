import {readHeader} from '../../chain/headers.ts';
import {blockTxids, merkleRoot} from '../../chain/merkle.ts';
import type {RawBlock} from '../../chain/ports.ts';
import type {BlockFormat} from '../../coins/index.ts';
import type {BlockRef} from '../../primitives/ids.ts';
import type {HeaderBook} from './header-book.ts';
import {streamInParallel} from './in-parallel.ts';
import type {RestClient} from './rest-client.ts';

/** Bytes of one block: eight times what Bitcoin allows. */
const BLOCK_CAP = 32_000_000;
/** Blocks in memory ahead of the reader. */
const AHEAD = 3;

/**
 * Raw blocks in the order asked. Each is checked to be the block that was asked for, whole and unchanged (its header
 * commits to every txid), and to have cost the work that its chain asks for.
 */
export const rawBlocks = async function* (
  client: RestClient,
  headers: HeaderBook,
  {refs, format, parallel}: {refs: readonly BlockRef[]; format: BlockFormat; parallel: number},
  signal?: AbortSignal,
): AsyncGenerator<RawBlock> {
  const ended = new AbortController();
  const both = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  const fetch = async (ref: BlockRef): Promise<RawBlock> => fetchBlock(client, headers, {ref, format}, both);
  try {
    yield* streamInParallel(refs, Math.min(parallel, AHEAD), fetch);
  } finally {
    // The caller may leave early, or one block failed: the others are of no use then.
    ended.abort();
  }
};

const fetchBlock = async (
  client: RestClient,
  headers: HeaderBook,
  {ref: {height, hash}, format}: {ref: BlockRef; format: BlockFormat},
  signal: AbortSignal,
): Promise<RawBlock> => {
  const route = '/block/:hash/raw';
  const raw = await client.bytes(route, [hash], {cap: BLOCK_CAP, urgency: 'bulk', signal});
  if (raw === undefined) throw client.faults.notFound(`block ${hash}`);
  const header = readHeader(raw);
  if (header.hash !== hash) throw client.faults.badAnswer(route, `another block than ${hash}`);
  if (merkleRoot(blockTxids(raw, format))?.equals(header.merkleRoot) !== true)
    throw client.faults.lie(`transactions in block ${hash} that its header does not commit to`);
  await headers.requireWork(header, height);
  headers.learn({...header, height, size: raw.length});
  return {height, hash, raw};
};
