import {expect, test} from 'vitest';
import {FAILOVER_RULES} from '../../../source/backends/failover/index.ts';
import {TIP, WatchedSource} from '../../../source/backends/failover/watched-source.ts';
import type {NodeTip} from '../../../source/chain/ports.ts';
import {EngineError} from '../../../source/primitives/errors.ts';
import {parseBlockHash} from '../../../source/primitives/ids.ts';
import {openBackend, regtest} from '../../support/bitcoind.ts';
import {named, openFailover} from '../../support/failover.ts';
import {until} from '../../support/until.ts';

const HASH = parseBlockHash('aa'.repeat(32));
const down = new EngineError('backend_down', 'away', {retry: 'backoff'});
const tipAt = (height: number): NodeTip => ({
  height,
  hash: HASH,
  chain: regtest.chain,
  time: 0,
  syncing: false,
  prunedBelow: undefined,
});

/** The ports of a real one behind which nothing listens, whose chain answers as it is told. */
const claiming = (name: string, tip: () => NodeTip) => {
  const backend = openBackend({url: 'http://127.0.0.1:1', wallet: undefined});
  return named(name, {
    ...backend,
    chain: Object.assign(Object.create(null), {
      tip: async () => tip(),
      genesis: async () => regtest.genesis,
      hashesAt: async (heights: readonly number[]) => heights.map(() => HASH),
      listen: () => {},
    }),
  });
};

test('what one that is away claimed of its tip makes nobody else look behind', async () => {
  let claim: NodeTip | undefined;
  const other = claiming('other', () => {
    if (claim === undefined) throw down;
    return claim;
  });
  const rules = {...FAILOVER_RULES, probeEvery: 20, probeAgain: 10, wellFor: 60_000};
  const failover = openFailover([claiming('own', () => tipAt(100)), other], rules);
  const ended = new AbortController();
  const speaks = (name: string) => {
    failover.chain.beginLook!();
    return failover.several.list().find(one => one.name === name)!.speaks;
  };
  failover.chain.listen(() => {}, ended.signal);
  try {
    claim = tipAt(1_100);
    await until('it to be believed', () => speaks('other'));
    claim = undefined;
    await until('the word to go back', () => speaks('own'));
    await until('nothing to be wrong with it', () => failover.several.list()[0]!.state === 'ok');
  } finally {
    ended.abort();
    await failover.close();
  }
});

test('a backend that fails each time it speaks is forgiven later each time; a steady while makes up for it', () => {
  let now = 0;
  const rules = FAILOVER_RULES;
  const clock = {now: () => now, monotonic: () => now};
  const watched = new WatchedSource(
    claiming('other', () => tipAt(1)),
    clock,
    rules,
  );
  const stateAfter = (milliseconds: number, speaks = false) => {
    now += milliseconds;
    return watched.judge(0, speaks).state;
  };
  const letDown = () => {
    watched.beginSpeaking(false);
    watched.failed('facts', down);
    watched.failed('facts', down);
    watched.endSpeaking(true);
  };
  watched.tip = tipAt(1);
  watched.answered(TIP);
  for (const patience of [1, 2, 4, 8].map(times => times * rules.forgiveAfter)) {
    letDown();
    expect(stateAfter(patience)).toBe('down');
    expect(stateAfter(1)).toBe('ok');
  }
  expect(stateAfter(0, true)).toBe('ok');
  expect(stateAfter(rules.steadyAfter + 1, true)).toBe('ok');
  letDown();
  expect(stateAfter(rules.forgiveAfter + 1)).toBe('ok');
});
