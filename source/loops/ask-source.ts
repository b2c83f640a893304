import type {BlockFacts} from '../chain/facts.ts';
import type {ChainSource} from '../chain/ports.ts';
import {WatchSet} from '../chain/watch-set.ts';
import type {BlockRef} from '../primitives/ids.ts';
import type {DepositToAgree} from '../store/agreement-store.ts';

/** What one source says of one deposit. `unknown`: it is not so far, or says nothing yet. */
export type Answer =
  | {readonly kind: 'agreed'}
  | {readonly kind: 'denied'; readonly words: string}
  | {readonly kind: 'unknown'; readonly words: string};

/**
 * Asks a source whether each deposit is where the ledger has it: the same output, in the same block of its best chain.
 * I/O only; throws what the source throws. Answers by the ids of the deposits.
 */
export const askSource = async (
  name: string,
  chain: ChainSource,
  deposits: readonly DepositToAgree[],
): Promise<Map<number, Answer>> => {
  const answers = new Map<number, Answer>();
  const hashes = await chain.hashesAt(deposits.map(({block}) => block.height));
  const there: DepositToAgree[] = [];
  for (const [index, deposit] of deposits.entries()) {
    const {height, hash} = deposit.block;
    const theirs = hashes[index];
    if (theirs === hash) there.push(deposit);
    else if (theirs === undefined)
      answers.set(deposit.id, {kind: 'unknown', words: `${name} has not come to block ${height}`});
    else
      answers.set(deposit.id, {
        kind: 'denied',
        words: `${name} has another block at ${height}, ${theirs} instead of ${hash}`,
      });
  }
  const blocks = await factsOf(chain, there);
  for (const deposit of there) answers.set(deposit.id, judge(name, deposit, blocks.get(deposit.block.hash)));
  return answers;
};

/** By the hash of their block. The source is told of the scripts, should it go by them. */
const factsOf = async (chain: ChainSource, deposits: readonly DepositToAgree[]): Promise<Map<string, BlockFacts>> => {
  const watch = new WatchSet();
  const refs = new Map<string, BlockRef>();
  for (const {scriptPubKey, block} of deposits) {
    watch.addScript(scriptPubKey);
    chain.watchScript?.(scriptPubKey);
    refs.set(block.hash, block);
  }
  const found = new Map<string, BlockFacts>();
  const upwards = [...refs.values()].sort((one, other) => one.height - other.height);
  if (upwards.length === 0) return found;
  for await (const facts of chain.facts(upwards, watch)) found.set(facts.hash, facts);
  return found;
};

const judge = (
  name: string,
  {outpoint: {txid, vout}, scriptPubKey, amount, block}: DepositToAgree,
  facts: BlockFacts | undefined,
): Answer => {
  if (facts === undefined) return {kind: 'unknown', words: `${name} says nothing of block ${block.height}`};
  const transaction = facts.transactions.find(one => one.txid === txid);
  const output = transaction?.outputs.find(one => one.vout === vout);
  if (output === undefined)
    return {kind: 'denied', words: `${name} finds no output ${vout} of ${txid} in block ${block.height}`};
  if (output.amount !== amount || !output.scriptPubKey.equals(scriptPubKey))
    return {kind: 'denied', words: `${name} finds another amount or script in output ${vout} of ${txid}`};
  return {kind: 'agreed'};
};
