import {Block, Transaction} from 'bitcoinjs-lib';
import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {RelevantTransaction} from '../../source/chain/facts.ts';
import {skimBlock, skimTransaction, txidOf} from '../../source/chain/skim.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import {outpointKey, txidFromWire} from '../../source/primitives/ids.ts';
import {blocks, scripts, transactions} from '../support/random-transactions.ts';

const raw = (thing: Transaction | Block): Buffer => Buffer.from(thing.toBuffer());

/** What a full parser says that the skim must report of this transaction. */
const expectedOf = (transaction: Transaction, watched: ReadonlySet<string>, spent: ReadonlySet<string>) => {
  const inputs = transaction.ins.map(input => ({txid: txidFromWire(input.hash), vout: input.index}));
  const outputs = transaction.outs
    .map(({script, value}, vout) => ({vout, scriptPubKey: Buffer.from(script).toString('hex'), amount: value}))
    .filter(output => watched.has(output.scriptPubKey));
  const hit = outputs.length > 0 || inputs.some(input => spent.has(outpointKey(input)));
  return hit ? {txid: transaction.getId(), raw: raw(transaction).toString('hex'), inputs, outputs} : undefined;
};

const plain = (found: RelevantTransaction | undefined) =>
  found && {
    txid: found.txid,
    raw: found.raw.toString('hex'),
    inputs: found.inputs,
    outputs: found.outputs.map(output => ({...output, scriptPubKey: output.scriptPubKey.toString('hex')})),
  };

/** Watches some of the scripts and outpoints of these transactions, chosen by `choice`, and some that are not there. */
const watchSome = (from: readonly Transaction[], choice: number, {outpoints = true} = {}) => {
  const watch = new WatchSet();
  const watched = new Set<string>();
  const spent = new Set<string>();
  from.forEach((transaction, at) => {
    transaction.outs.forEach((output, vout) => {
      if ((at * 7 + vout * 3 + choice) % 5 !== 0) return;
      watch.addScript(output.script);
      watched.add(Buffer.from(output.script).toString('hex'));
    });
    transaction.ins.forEach((input, index) => {
      if (!outpoints || (at * 5 + index * 11 + choice) % 7 !== 0) return;
      const outpoint = {txid: txidFromWire(input.hash), vout: input.index};
      watch.addOutpoint(outpoint);
      spent.add(outpointKey(outpoint));
    });
  });
  return {watch, watched, spent};
};

describe('a skim of well-formed bytes', () => {
  test('finds in a transaction what a full parser finds', () => {
    fc.assert(
      fc.property(transactions, fc.nat(34), (transaction, choice) => {
        const {watch, watched, spent} = watchSome([transaction], choice);
        const found = skimTransaction(raw(transaction), watch);
        expect(plain(found)).toEqual(expectedOf(transaction, watched, spent));
        expect(txidOf(raw(transaction))).toBe(transaction.getId());
      }),
      {numRuns: 500},
    );
  });

  test('finds in a block what a full parser finds, in block order', () => {
    fc.assert(
      fc.property(blocks, fc.nat(34), (block, choice) => {
        const inBlock = block.transactions ?? [];
        const {watch, watched, spent} = watchSome(inBlock, choice);
        const facts = skimBlock(raw(block), 7, watch);
        expect(facts.transactions.map(plain)).toEqual(
          inBlock.map(transaction => expectedOf(transaction, watched, spent)).filter(found => found !== undefined),
        );
        expect(facts).toMatchObject({height: 7, hash: block.getId(), time: block.timestamp});
        expect(facts.previous).toBe(txidFromWire(block.prevHash!));
      }),
      {numRuns: 200},
    );
  });

  test('reports a coinbase without inputs', () => {
    const transaction = new Transaction();
    transaction.addInput(Buffer.alloc(32), 0xffff_ffff, 0xffff_ffff, Buffer.from('03010203', 'hex'));
    const script = Buffer.from(`0014${'ab'.repeat(20)}`, 'hex');
    transaction.addOutput(script, 5_000_000_000n);
    const watch = new WatchSet();
    watch.addScript(script);
    expect(skimTransaction(raw(transaction), watch)).toMatchObject({coinbase: true, inputs: []});
  });

  test('hands out copies, which keep no block in memory', () => {
    fc.assert(
      fc.property(transactions, transaction => {
        const bytes = raw(transaction);
        const {watch} = watchSome([transaction], 0);
        const found = skimTransaction(bytes, watch);
        const before = plain(found);
        bytes.fill(0);
        expect(plain(found)).toEqual(before);
      }),
    );
  });
});

describe('a skim of bad bytes', () => {
  const refused = (skim: () => unknown): boolean => {
    try {
      skim();
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
      expect((error as EngineError).code).toBe('bad_backend_answer');
      return true;
    }
  };

  test('refuses every truncation of a transaction and of a block', () => {
    fc.assert(
      fc.property(blocks, fc.nat(34), (block, choice) => {
        const {watch} = watchSome(block.transactions ?? [], choice);
        const bytes = raw(block);
        for (let length = 0; length < bytes.length; length += 1 + (length % 7))
          expect(refused(() => skimBlock(bytes.subarray(0, length), 1, watch))).toBe(true);
        const first = block.transactions?.[0];
        if (first === undefined) return;
        const one = raw(first);
        for (let length = 0; length < one.length; length++)
          expect(refused(() => skimTransaction(one.subarray(0, length), watch))).toBe(true);
      }),
      {numRuns: 15},
    );
  });

  test('refuses bytes behind the end', () => {
    fc.assert(
      fc.property(transactions, blocks, (transaction, block) => {
        const watch = new WatchSet();
        expect(refused(() => skimTransaction(Buffer.concat([raw(transaction), Buffer.of(0)]), watch))).toBe(true);
        expect(refused(() => skimBlock(Buffer.concat([raw(block), Buffer.of(0)]), 1, watch))).toBe(true);
      }),
    );
  });

  test('of changed bytes reports what a full parser reports, or refuses them', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), {minLength: 1, maxLength: 3});
    let accepted = 0;
    fc.assert(
      fc.property(transactions, changes, fc.nat(34), (transaction, edits, choice) => {
        const bytes = raw(transaction);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        // Scripts only: a fingerprint covers a fourth of a txid, and edits here may well leave just that part alone.
        const {watch, watched, spent} = watchSome([transaction], choice, {outpoints: false});
        let found: RelevantTransaction | undefined;
        if (refused(() => (found = skimTransaction(bytes, watch)))) return;
        accepted++;
        expect(plain(found)).toEqual(expectedOf(Transaction.fromBuffer(bytes), watched, spent));
      }),
      {numRuns: 1000},
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('of random bytes never throws anything but the one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 400}), bytes => {
        refused(() => skimTransaction(Buffer.from(bytes), new WatchSet()));
        refused(() => skimBlock(Buffer.from(bytes), 1, new WatchSet()));
      }),
      {numRuns: 2000},
    );
  });

  test('believes no length before it has seen the bytes', () => {
    const claims = Buffer.concat([Buffer.from('01000000', 'hex'), Buffer.from('feffffffff', 'hex'), Buffer.alloc(60)]);
    const begun = performance.now();
    expect(refused(() => skimTransaction(claims, new WatchSet()))).toBe(true);
    expect(refused(() => skimBlock(Buffer.concat([Buffer.alloc(80), claims.subarray(4)]), 1, new WatchSet()))).toBe(
      true,
    );
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe('a watch set', () => {
  const has = (watch: WatchSet, script: Buffer) =>
    watch.hasScript(new DataView(script.buffer, script.byteOffset, script.length), 0, script.length);

  test('never misses what was added, and grows', () => {
    fc.assert(
      fc.property(fc.array(scripts, {minLength: 1, maxLength: 50}), added => {
        const watch = new WatchSet();
        for (const script of added) watch.addScript(script);
        for (const script of added) expect(has(watch, script)).toBe(true);
      }),
    );
    const watch = new WatchSet();
    const script = (index: number) => {
      const bytes = Buffer.alloc(22, 0x14);
      bytes.writeUInt32LE(index, 2);
      return bytes;
    };
    for (let index = 0; index < 50_000; index++) {
      watch.addScript(script(index));
      watch.addScript(script(index));
    }
    expect(watch.size.scripts).toBe(50_000);
    for (let index = 0; index < 50_000; index++) expect(has(watch, script(index))).toBe(true);
    let wrong = 0;
    for (let index = 50_000; index < 200_000; index++) if (has(watch, script(index))) wrong++;
    expect(wrong).toBe(0);
  });

  test('tells outputs of one transaction apart', () => {
    const watch = new WatchSet();
    const wire = Buffer.alloc(36, 0x5a);
    wire.writeUInt32LE(3, 32);
    watch.addOutpoint({txid: txidFromWire(wire.subarray(0, 32)), vout: 3});
    const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
    expect(watch.hasOutpoint(view, 0)).toBe(true);
    wire.writeUInt32LE(4, 32);
    expect(watch.hasOutpoint(view, 0)).toBe(false);
  });

  test('holds a million scripts in 17 MB', () => {
    expect(new WatchSet({scripts: 1_000_000}).bytes).toBeLessThan(17_000_000);
  });
});
