import {Block, Transaction} from 'bitcoinjs-lib';
import * as fc from 'fast-check';

const bytes = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({minLength, maxLength}).map(array => Buffer.from(array));

/** Scripts of the usual kinds, and some odd ones: empty, OP_RETURN, longer than one length byte can say. */
export const scripts = fc.oneof(
  bytes(20).map(hash => Buffer.concat([Buffer.from('0014', 'hex'), hash])),
  bytes(32).map(key => Buffer.concat([Buffer.from('5120', 'hex'), key])),
  bytes(20).map(hash => Buffer.concat([Buffer.from('76a914', 'hex'), hash, Buffer.from('88ac', 'hex')])),
  bytes(0, 40),
  bytes(253, 300),
);

const inputs = fc.record({
  hash: bytes(32),
  index: fc.integer({min: 0, max: 0xffff_fffe}),
  script: bytes(0, 260),
  sequence: fc.constantFrom(0, 0xffff_fffd, 0xffff_ffff),
  witness: fc.array(bytes(0, 80), {maxLength: 4}),
});

const outputs = fc.record({script: scripts, amount: fc.bigInt({min: 0n, max: 2_100_000_000_000_000n})});

/** Any well-formed transaction, with or without witnesses, serialized by bitcoinjs-lib. */
export const transactions = fc
  .record({
    version: fc.constantFrom(1, 2, 3),
    locktime: fc.constantFrom(0, 500_000, 0xffff_ffff),
    inputs: fc.array(inputs, {minLength: 1, maxLength: 5}),
    outputs: fc.array(outputs, {minLength: 0, maxLength: 6}),
  })
  .map(parts => {
    const transaction = new Transaction();
    transaction.version = parts.version;
    transaction.locktime = parts.locktime;
    parts.inputs.forEach(({hash, index, sequence, script, witness}, at) => {
      transaction.addInput(hash, index, sequence, script);
      transaction.setWitness(at, witness);
    });
    for (const {script, amount} of parts.outputs) transaction.addOutput(script, amount);
    return transaction;
  });

/** A block around some transactions; its header is random. */
export const blocks = fc
  .record({header: bytes(80), transactions: fc.array(transactions, {maxLength: 8})})
  .map(parts => {
    const block = Block.fromBuffer(parts.header);
    block.transactions = parts.transactions;
    return block;
  });
