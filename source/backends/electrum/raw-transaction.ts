import {guarded, NOTHING_WATCHED, readCount, skipBytes, type Walk, walkOf, walkTransaction} from '../../chain/walk.ts';
import type {BlockFormat} from '../../coins/index.ts';

const walked = (raw: Buffer, format: BlockFormat): Walk => {
  const walk = walkOf(raw, format);
  walkTransaction(walk, NOTHING_WATCHED, true);
  return walk;
};

/** Bytes without witnesses: those that the txid covers. */
export const strippedLength = (raw: Buffer, format: BlockFormat): number =>
  guarded('transaction', () => {
    const {body, bodyEnd} = walked(raw, format);
    return 4 + (bodyEnd - body) + 4;
  });

/** scriptPubKey of each output. Throws `bad_backend_answer` for bytes that are no transaction. */
export const outputScripts = (raw: Buffer, format: BlockFormat): Buffer[] =>
  guarded('transaction', () => {
    const walk = walked(raw, format);
    walk.position = walk.body;
    for (let left = readCount(walk); left > 0; left--) {
      walk.position += 36;
      skipBytes(walk);
      walk.position += 4;
    }
    const scripts: Buffer[] = [];
    for (let left = readCount(walk); left > 0; left--) {
      walk.position += 8;
      const length = readCount(walk);
      scripts.push(raw.subarray(walk.position, walk.position + length));
      walk.position += length;
    }
    return scripts;
  });
