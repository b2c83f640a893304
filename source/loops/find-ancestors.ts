import type {RelevantTransaction} from '../chain/facts.ts';
import type {ChainSource} from '../chain/ports.ts';
import {findTxid, inputsOf} from '../chain/skim.ts';
import type {BlockFormat} from '../coins/index.ts';
import type {BlockRef, Txid} from '../primitives/ids.ts';
import type {ChainStore} from '../store/chain-store.ts';

/** A stranger can make his chain of transactions as long as he likes; what is further away is not looked for. */
const MOST = 500;

interface Asking {
  readonly chain: Pick<ChainSource, 'mempoolTransactions' | 'transactionsIn'>;
  readonly store: Pick<ChainStore, 'unknownAncestors' | 'rungs'>;
  readonly format: BlockFormat;
}

/** Those in the branch of our ladder above `fork`, before it is left: afterwards nobody has them any more. */
export const ancestorsInBranch = async (
  {chain, store, format}: Asking,
  fork: BlockRef,
  top: BlockRef,
): Promise<RelevantTransaction[]> => {
  if (chain.transactionsIn === undefined) return [];
  const wanted = await store.unknownAncestors(fork.height + 1);
  if (wanted.length === 0) return [];
  const heights = Array.from({length: top.height - fork.height}, (_, index) => fork.height + 1 + index);
  const blocks = (await store.rungs(heights)).filter(hash => hash !== undefined);
  return follow(wanted, async txids => chain.transactionsIn!(blocks, txids), format);
};

/** Those in the mempool. */
export const ancestorsInMempool = async ({chain, store, format}: Asking): Promise<RelevantTransaction[]> => {
  const wanted = await store.unknownAncestors();
  return follow(wanted, async txids => chain.mempoolTransactions(txids), format);
};

/** From parent to parent, as long as the source has them: what it does not have is in the chain. */
const follow = async (
  wanted: readonly Txid[],
  fetch: (txids: readonly Txid[]) => Promise<(Buffer | undefined)[]>,
  format: BlockFormat,
): Promise<RelevantTransaction[]> => {
  const found: RelevantTransaction[] = [];
  const asked = new Set(wanted);
  for (let open = wanted; open.length > 0 && asked.size <= MOST;) {
    const next: Txid[] = [];
    for (const [index, raw] of (await fetch(open)).entries()) {
      const txid = open[index]!;
      if (raw === undefined || findTxid(raw, format) !== txid) continue;
      const inputs = inputsOf(raw, format);
      found.push({txid, raw, coinbase: false, inputs, outputs: []});
      next.push(...inputs.map(input => input.txid).filter(parent => !asked.has(parent)));
    }
    open = [...new Set(next)];
    for (const txid of open) asked.add(txid);
  }
  return found;
};
