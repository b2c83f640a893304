import type {Health, Status} from '../contract/index.ts';
import type {LoopStatus} from '../loops/run-loop.ts';
import {messageOf} from '../primitives/errors.ts';
import type {CoinEngine} from './coin-engine.ts';

const loopTitle = ({name, coin}: LoopStatus): string => (coin === null ? name : `${coin} ${name}`);

/** Those of several backends that could not take the word now. */
export const silentSources = <Source extends {state: string; speaks: boolean}>({
  sources,
}: {
  sources: readonly Source[];
}): Source[] => sources.filter(({state, speaks}) => !speaks && state !== 'ok' && state !== 'connecting');

/** Asked of the parts themselves and not of a snapshot: a prober wants to know how it is now. */
export const examineHealth = async (coins: readonly CoinEngine[]): Promise<Health> => {
  const failing: string[] = [];
  const degraded: string[] = [];
  for (const coin of coins) {
    try {
      await coin.store.ping();
      const fault = coin.store.writeFault();
      if (fault !== undefined) throw fault;
    } catch (error) {
      failing.push(`${coin.name} database: ${messageOf(error)}`);
    }
    const view = coin.loops?.view();
    if (view && view.state !== 'ok')
      degraded.push(`${coin.name} node ${view.state.replaceAll('_', ' ')}${view.reason ? `: ${view.reason}` : ''}`);
    for (const {name, state, reason} of silentSources({sources: coin.loops?.backend.several?.list() ?? []}))
      degraded.push(
        `${coin.name} backend ${name} ${state.replaceAll('_', ' ')}${reason === null ? '' : `: ${reason}`}`,
      );
    const walletFault = coin.loops?.vitals.walletFault;
    if (walletFault !== undefined) degraded.push(`${coin.name} wallet: ${walletFault}`);
    for (const loop of coin.loopStatuses()) {
      const words = `${loopTitle(loop)} loop ${loop.state}${loop.detail ? `: ${loop.detail}` : ''}`;
      if (loop.state === 'dead' || loop.state === 'stalled') failing.push(words);
      if (loop.state === 'failing') degraded.push(words);
    }
  }
  if (failing.length > 0) return {status: 'failing', reasons: [...failing, ...degraded]};
  return {status: degraded.length > 0 ? 'degraded' : 'ok', reasons: degraded};
};

/** The one word for the engine as a whole. */
export const engineState = (
  phase: 'starting' | 'running' | 'stopping',
  {loops, coins, database}: Pick<Status, 'loops' | 'coins' | 'database'>,
): Status['engine']['state'] => {
  if (phase !== 'running') return phase;
  if (!database.ok || loops.some(loop => loop.state === 'dead' || loop.state === 'stalled')) return 'failing';
  const isDegraded =
    coins.some(coin => coin.backend.state !== 'ok' || silentSources(coin.backend).length > 0) ||
    loops.some(loop => loop.state === 'failing');
  return isDegraded ? 'degraded' : 'running';
};
