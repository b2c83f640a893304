import type {BlockFacts, RelevantTransaction} from './facts.ts';

/** Facts as they go from thread to thread: everything that is bytes in one piece, which is handed over and not copied. */
export interface PackedFacts {
  readonly blocks: readonly PackedBlock[];
  readonly bytes: ArrayBuffer;
}

type PackedBlock = Omit<BlockFacts, 'transactions'> & {readonly transactions: readonly PackedTransaction[]};

interface PackedTransaction extends Omit<RelevantTransaction, 'raw' | 'outputs'> {
  readonly start: number;
  readonly length: number;
  /** `at`: of its script in the transaction. */
  readonly outputs: readonly {
    readonly vout: number;
    readonly amount: RelevantTransaction['outputs'][number]['amount'];
    readonly at: number;
    readonly length: number;
  }[];
}

/** Scripts must be slices of their transaction's bytes, as the skim makes them. */
export const packFacts = (facts: readonly BlockFacts[]): PackedFacts => {
  let size = 0;
  for (const {transactions} of facts) for (const {raw} of transactions) size += raw.length;
  const bytes = new Uint8Array(size);
  let end = 0;
  const blocks = facts.map(({transactions, ...block}) => ({
    ...block,
    transactions: transactions.map(({raw, outputs, ...transaction}) => {
      const start = end;
      bytes.set(raw, start);
      end += raw.length;
      return {
        ...transaction,
        start,
        length: raw.length,
        outputs: outputs.map(({vout, amount, scriptPubKey}) => ({
          vout,
          amount,
          at: scriptPubKey.byteOffset - raw.byteOffset,
          length: scriptPubKey.length,
        })),
      };
    }),
  }));
  return {blocks, bytes: bytes.buffer};
};

export const unpackFacts = ({blocks, bytes}: PackedFacts): BlockFacts[] =>
  blocks.map(({transactions, ...block}) => ({
    ...block,
    transactions: transactions.map(({start, length, outputs, ...transaction}) => ({
      ...transaction,
      raw: Buffer.from(bytes, start, length),
      outputs: outputs.map(({vout, amount, at, length}) => ({
        vout,
        amount,
        scriptPubKey: Buffer.from(bytes, start + at, length),
      })),
    })),
  }));
