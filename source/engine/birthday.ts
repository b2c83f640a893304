import type {ChainSource, NodeTip} from '../chain/ports.ts';
import type {CoinConfig} from '../config/config.ts';
import {rescanStart} from '../loops/rescan-start.ts';
import {EngineError} from '../primitives/errors.ts';
import type {BlockRef} from '../primitives/ids.ts';

/** The block after which a new ledger begins. `time`: its header's, seconds. */
export type Beginning = BlockRef & {readonly time: number};

/**
 * Where a new ledger starts: right below the birthday of its wallet, else at the tip, since a wallet of the node's hands
 * out its first address later. Throws `bad_config` for a height that the node has not reached, and `block_pruned`.
 */
export const beginningOf = async (
  chain: Pick<ChainSource, 'hashesAt' | 'timesAt'>,
  tip: NodeTip,
  {coin, wallet}: Pick<CoinConfig, 'coin' | 'wallet'>,
): Promise<Beginning> => {
  const birthday = wallet?.birthday;
  if (birthday === undefined) return {height: tip.height, hash: tip.hash, time: tip.time};
  const field = `coins.${coin}.wallet.birthday`;
  if (typeof birthday === 'number' && birthday > tip.height)
    throw new EngineError('bad_config', `${field} is block ${birthday}, and the node stands at ${tip.height}`, {field});
  const first = await rescanStart(chain, birthday, 0, tip.height);
  if (tip.prunedBelow !== undefined && first < tip.prunedBelow)
    throw new EngineError(
      'block_pruned',
      `${field} needs the blocks from ${first} on, and the node has pruned all below ${tip.prunedBelow}: use a node that has them`,
      {field},
    );
  const height = Math.max(0, first - 1);
  const [[hash], [time]] = await Promise.all([chain.hashesAt([height]), chain.timesAt([height])]);
  if (hash === undefined || time === undefined)
    throw new EngineError('backend_unavailable', `the node does not tell of its block ${height}`, {retry: 'backoff'});
  return {height, hash, time};
};
