import {parseReplies} from './json-rpc.ts';

/** One raw block of a batch, or what the node refused. */
export type BlockReply = {readonly raw: Buffer} | {readonly code: number; readonly words: string};

const QUOTE = 0x22;
const OPENING = '{"result":"';

/**
 * The blocks in the bytes of a batch of `getblock` with verbosity 0, in the order of `ids`. Throws an Error that says in
 * words what is wrong with them. A batch is tens of MB in which only a few hundred bytes are not hex: bytes that are
 * exactly what Bitcoin Core writes are cut up where they lie; all others go the way of every reply.
 */
export const readBlockReplies = (body: Buffer, ids: readonly number[]): BlockReply[] => {
  const blocks = cutBlocks(body, ids);
  if (blocks !== undefined) return blocks;
  return parseReplies(body, ids, false).map(({result, error}) => {
    if (error !== undefined) return {code: error.code, words: error.message};
    const raw = typeof result === 'string' ? fromHex(result) : undefined;
    if (raw === undefined) throw new Error('something that is not hex');
    return {raw};
  });
};

/** Undefined at the first byte that is not as expected. */
const cutBlocks = (body: Buffer, ids: readonly number[]): BlockReply[] | undefined => {
  const blocks: BlockReply[] = [];
  let at = 0;
  for (const id of ids) {
    const opening = `${at === 0 ? '[' : ','}${OPENING}`;
    const start = at + opening.length;
    const end = body.indexOf(QUOTE, start);
    const closing = `","error":null,"id":${id}}`;
    if (
      body.toString('latin1', at, start) !== opening ||
      body.toString('latin1', end, end + closing.length) !== closing
    )
      return undefined;
    const raw = fromHex(body.toString('latin1', start, end));
    if (raw === undefined) return undefined;
    blocks.push({raw});
    at = end + closing.length;
  }
  return body.toString('latin1', at).trim() === ']' ? blocks : undefined;
};

/** Buffer.from stops at the first character that is not hex. */
const fromHex = (text: string): Buffer | undefined => {
  const raw = Buffer.from(text, 'hex');
  return raw.length * 2 === text.length && raw.length > 0 ? raw : undefined;
};
