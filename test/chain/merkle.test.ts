import {createHash} from 'node:crypto';
import {Block, Transaction} from 'bitcoinjs-lib';
import {expect, test} from 'vitest';
import {blockTxids, merkleRoot, provesInclusion} from '../../source/chain/merkle.ts';
import {btc} from '../../source/coins/btc.ts';
import {hashToHex, parseTxid} from '../../source/primitives/ids.ts';
import {merkleBranch} from '../support/merkle-branch.ts';

const transactions = (count: number): Transaction[] =>
  Array.from({length: count}, (_, index) => {
    const transaction = new Transaction();
    transaction.addInput(createHash('sha256').update(`${index}`).digest(), index);
    transaction.addOutput(Buffer.from([0x51]), 5n);
    return transaction;
  });
const sha256d = (bytes: Buffer) => createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();

test.each([1, 2, 3, 5, 6, 7, 8, 11, 64])('the root over %i transactions, and the branch of each to it', count => {
  const all = transactions(count);
  const root = Buffer.from(Block.calculateMerkleRoot(all));
  const wire = all.map(transaction => Buffer.from(transaction.getHash()));
  expect(merkleRoot(wire)).toEqual(root);
  const txids = all.map(transaction => transaction.getId());
  for (const [position, txid] of txids.entries()) {
    const hashes = merkleBranch(txids, position);
    const proves = (at: number, beside = hashes, of = txid) =>
      provesInclusion(parseTxid(of), {position: at, hashes: beside}, root, btc.format);
    expect(proves(position)).toBe(true);
    expect(proves(position + 2 ** hashes.length)).toBe(false);
    expect(proves(-1)).toBe(false);
    expect(proves(position, hashes, 'ab'.repeat(32))).toBe(false);
    if (hashes.length > 0) {
      expect(proves(position, hashes.slice(1))).toBe(false);
      expect(proves(position, ['ab'.repeat(32), ...hashes.slice(1)])).toBe(false);
      expect(proves(position, ['zz', ...hashes.slice(1)])).toBe(false);
    }
  }
});

test('a list with the same pair twice has no root: it would have that of the shorter list', () => {
  const [one, two, three] = transactions(3).map(transaction => Buffer.from(transaction.getHash()));
  expect(merkleRoot([one!, two!, three!])).toBeDefined();
  expect(merkleRoot([one!, two!, three!, three!])).toBeUndefined();
  expect(merkleRoot([])).toBeUndefined();
});

test('the last of an odd row stands on the left of itself, and nowhere else', () => {
  const all = transactions(3);
  const root = Buffer.from(Block.calculateMerkleRoot(all));
  const txids = all.map(transaction => transaction.getId());
  const branch = {hashes: merkleBranch(txids, 2)};
  expect(provesInclusion(parseTxid(txids[2]!), {...branch, position: 2}, root, btc.format)).toBe(true);
  expect(provesInclusion(parseTxid(txids[2]!), {...branch, position: 3}, root, btc.format)).toBe(false);
});

test('a real transaction of 64 bytes does not prove the invented one whose txid it holds', () => {
  const invented = createHash('sha256').update('invented').digest();
  // Version, one input without script, one output with a script of 4 bytes, locktime: exactly 64 bytes, of which the
  // last 32 are the invented txid, as far as the fields in between allow.
  const raw = Buffer.alloc(64);
  raw.writeUInt32LE(1, 0);
  raw[4] = 1;
  invented.copy(raw, 32);
  raw[41] = 0;
  raw[46] = 1;
  raw.fill(0, 47, 55);
  raw[55] = 4;
  const left = raw.subarray(0, 32);
  const right = raw.subarray(32);
  const root = sha256d(raw);
  const forged = {position: 1, hashes: [hashToHex(left)]};
  expect(provesInclusion(parseTxid(hashToHex(right)), forged, root, btc.format)).toBe(false);
  // One bit more in the count of inputs, and it is only two hashes.
  raw[4] = 0xff;
  const harmless = {position: 1, hashes: [hashToHex(raw.subarray(0, 32))]};
  expect(provesInclusion(parseTxid(hashToHex(raw.subarray(32))), harmless, sha256d(raw), btc.format)).toBe(true);
});

test('the txids of a raw block are those of its transactions', () => {
  const all = transactions(4);
  const raw = Buffer.concat([Buffer.alloc(80), Buffer.from([4]), ...all.map(transaction => transaction.toBuffer())]);
  expect(blockTxids(raw, btc.format).map(hashToHex)).toEqual(all.map(transaction => transaction.getId()));
  expect(() => blockTxids(raw.subarray(0, -1), btc.format)).toThrow('truncated');
});
