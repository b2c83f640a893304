import {createHash} from 'node:crypto';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const parent = (left: Buffer, right: Buffer): Buffer => sha256(sha256(Buffer.concat([left, right])));
const wire = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse();
const printed = (bytes: Buffer): string => Buffer.from(bytes).reverse().toString('hex');

/** The hashes beside a transaction on its way to the root of its block, as servers tell them. */
export const merkleBranch = (txids: readonly string[], position: number): string[] => {
  const hashes: string[] = [];
  let level = txids.map(wire);
  for (let at = position; level.length > 1; at >>= 1) {
    hashes.push(printed(level[at ^ 1] ?? level[at]!));
    const next: Buffer[] = [];
    for (let left = 0; left < level.length; left += 2) next.push(parent(level[left]!, level[left + 1] ?? level[left]!));
    level = next;
  }
  return hashes;
};
