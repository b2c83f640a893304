import {Transaction} from 'bitcoinjs-lib';
import {describe, expect, it} from 'vitest';
import {findTxid, skimBlock, skimTransaction} from '../../source/chain/skim.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import {coins} from '../../source/coins/index.ts';

const litecoin = coins.get('ltc')!.format;
const dogecoin = coins.get('doge')!.format;
const bitcoin = coins.get('btc')!.format;
const SCRIPT = Buffer.from('0014751e76e8199196d454941c45d1b3a323f1433bd6', 'hex');
const header = (version: number) => {
  const bytes = Buffer.alloc(80, 7);
  bytes.writeUInt32LE(version, 0);
  return bytes;
};
const payment = (amount = 1000n) => {
  const transaction = new Transaction();
  transaction.version = 2;
  transaction.addInput(Buffer.alloc(32, 1), 0);
  transaction.addOutput(SCRIPT, amount);
  return transaction;
};
const watching = () => {
  const watch = new WatchSet();
  watch.addScript(SCRIPT);
  return watch;
};
/** The same transaction with marker and flags, and `data` where the MWEB part stands. */
const withMweb = (transaction: Transaction, data: Buffer) => {
  const plain = Buffer.from(transaction.toBuffer());
  return Buffer.concat([plain.subarray(0, 4), Buffer.of(0, 8), plain.subarray(4, -4), data, plain.subarray(-4)]);
};

describe('blocks of Litecoin', () => {
  const plain = payment();
  const hogEx = withMweb(payment(2000n), Buffer.of(0));
  const block = Buffer.concat([header(4), Buffer.of(2), Buffer.from(plain.toBuffer()), hogEx, Buffer.alloc(300, 9)]);

  it('are read behind a HogEx and its extension, and its peg-outs pay like any output', () => {
    const {transactions} = skimBlock(block, 1, watching(), litecoin);
    expect(transactions.map(({txid, outputs}) => [txid, outputs.map(({amount}) => amount)])).toEqual([
      [plain.getId(), [1000n]],
      [payment(2000n).getId(), [2000n]],
    ]);
  });

  it('are refused with bytes behind them that no HogEx announces, and everywhere but there', () => {
    const other = Buffer.concat([header(4), Buffer.of(1), Buffer.from(plain.toBuffer()), Buffer.alloc(300, 9)]);
    expect(() => skimBlock(other, 1, watching(), litecoin)).toThrow('bytes behind its end');
    expect(() => skimBlock(block, 1, watching(), bitcoin)).toThrow('unknown flag');
  });

  it('transactions with MWEB data are read up to them; those of nothing else have no txid here', () => {
    const pegIn = withMweb(payment(), Buffer.concat([Buffer.of(1), Buffer.alloc(500, 3)]));
    expect(skimTransaction(pegIn, watching(), litecoin)?.txid).toBe(payment().getId());
    expect(findTxid(pegIn, litecoin)).toBe(payment().getId());
    const only = Buffer.concat([Buffer.of(2, 0, 0, 0, 0, 8, 0, 0, 1), Buffer.alloc(500, 3), Buffer.alloc(4)]);
    expect(skimTransaction(only, watching(), litecoin)).toBeUndefined();
    expect(findTxid(only, litecoin)).toBeUndefined();
  });
});

describe('blocks of Dogecoin', () => {
  const own = payment(5_000_000_000_000_000_000n / 10n);
  const proof = Buffer.concat([
    Buffer.from(payment(7n).toBuffer()),
    Buffer.alloc(32, 1),
    Buffer.of(2),
    Buffer.alloc(64, 2),
    Buffer.alloc(4),
    Buffer.of(0),
    Buffer.alloc(4),
    header(1),
  ]);

  it('are read behind the proof of a merge-mined parent, whose coinbase is none of theirs', () => {
    const block = Buffer.concat([header(0x620104), proof, Buffer.of(1), Buffer.from(own.toBuffer())]);
    const {transactions} = skimBlock(block, 1, watching(), dogecoin);
    expect(transactions.map(({txid}) => txid)).toEqual([own.getId()]);
    expect(() => skimBlock(block, 1, watching(), bitcoin)).toThrow();
    for (let length = 0; length < block.length; length += 7)
      expect(() => skimBlock(block.subarray(0, length), 1, watching(), dogecoin)).toThrow();
  });

  it('are read as they are without one, with outputs that no bitcoin could hold', () => {
    const block = Buffer.concat([header(0x620004), Buffer.of(1), Buffer.from(own.toBuffer())]);
    expect(skimBlock(block, 1, watching(), dogecoin).transactions[0]?.outputs[0]?.amount).toBe(
      500_000_000_000_000_000n,
    );
    expect(() => skimBlock(block, 1, watching(), bitcoin)).toThrow('above the supply');
  });
});
