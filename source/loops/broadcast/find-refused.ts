import {selectCoins, type WantedOutput} from '../../payout/select-coins.ts';
import type {SelectionRules} from '../../payout/selection-rules.ts';
import type {PlannedBroadcast} from '../../store/payout-store.ts';
import type {BroadcastParts} from './parts.ts';
import {signAndTest} from './sign.ts';

export type Refused =
  /** Those that the node would not take even alone, and its words. May be none: then only together. */
  | {readonly kind: 'found'; readonly ids: ReadonlySet<string>; readonly words: string}
  /** The node went away in between. */
  | {readonly kind: 'again'; readonly words: string};

/**
 * Finds by halves which payouts of a refused batch the node will not take, with the coins of the batch. What is
 * signed on the way is never stored and never sent.
 */
export const findRefused = async (
  parts: BroadcastParts,
  broadcast: PlannedBroadcast,
  rules: SelectionRules,
  words: string,
  progress: () => void,
): Promise<Refused> => {
  const coins = broadcast.plan.inputs;
  const paid = broadcast.plan.outputs.filter((_, vout) => vout !== broadcast.changeVout);
  const wanted = broadcast.payoutIds.map((id, index) => ({id, ...paid[index]!}));
  const ids = new Set<string>();
  let lastWords = words;
  // The whole is known to be refused; each half is asked alone.
  const open: WantedOutput[][] = wanted.length === 1 ? [] : halves(wanted);
  if (wanted.length === 1) ids.add(wanted[0]!.id);
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    progress();
    const {batch} = selectCoins(part, coins, rules);
    if (!batch) continue;
    const answer = await signAndTest(parts, batch);
    if (answer.kind === 'signed') continue;
    // The wallet was locked, or the coins went: no payout's fault, and said again by the next attempt.
    if (answer.kind !== 'refused') return {kind: 'again', words: 'words' in answer ? answer.words : answer.hold.words};
    lastWords = answer.words;
    if (part.length === 1) ids.add(part[0]!.id);
    else open.push(...halves(part));
  }
  return {kind: 'found', ids, words: lastWords};
};

const halves = (wanted: readonly WantedOutput[]): WantedOutput[][] => {
  const middle = Math.ceil(wanted.length / 2);
  return [wanted.slice(0, middle), wanted.slice(middle)];
};
