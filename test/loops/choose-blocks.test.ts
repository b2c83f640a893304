import {expect, test} from 'vitest';
import type {Narrowing} from '../../source/chain/ports.ts';
import {WatchSet} from '../../source/chain/watch-set.ts';
import type {ScanMethod} from '../../source/contract/index.ts';
import {BlockChooser} from '../../source/loops/choose-blocks.ts';
import {EngineError} from '../../source/primitives/errors.ts';
import type {BlockHash} from '../../source/primitives/ids.ts';

const refs = Array.from({length: 400}, (_, height) => ({height, hash: String(height).padStart(64, '0') as BlockHash}));
const context = {signal: new AbortController().signal, progress: () => {}};

/** A chooser over a source that takes too long for more blocks than this, by each way; how often it was asked. */
const chooserOf = (mostInTime: Partial<Record<Narrowing, number>>, methods: [ScanMethod, ...ScanMethod[]]) => {
  const asked: string[] = [];
  const chooser = new BlockChooser(
    {
      chain: {
        narrow: async (method, some) => {
          asked.push(`${method} ${some.length}`);
          if (some.length > (mostInTime[method] ?? 0))
            throw new EngineError('backend_timeout', `${method} took too long`, {retry: 'unknown-outcome'});
          return some.filter(({height}) => height % 100 === 0);
        },
      },
      store: {watchedScripts: () => []},
      watch: new WatchSet(),
    },
    {methods, fullFrom: Number.POSITIVE_INFINITY},
  );
  return {asked, choose: async () => (await chooser.choose(refs, context)).map(({height}) => height)};
};

test('a way that takes too long for many blocks is asked about fewer', async () => {
  const {choose} = chooserOf({scanblocks: 100}, ['scanblocks', 'blocks']);
  expect(await choose()).toEqual([0, 100, 200, 300]);
});

test('one that takes too long for the fewest is given up for the next, and not tried again', async () => {
  const {asked, choose} = chooserOf({filters: 1_000}, ['scanblocks', 'filters', 'blocks']);
  expect(await choose()).toEqual([0, 100, 200, 300]);
  expect(asked.at(-1)).toBe('filters 400');
  const before = asked.length;
  await choose();
  expect(asked.slice(before)).toEqual(['filters 400']);
});

test('with no other way left it is said, to be tried again later', async () => {
  const {choose} = chooserOf({}, ['scanblocks']);
  await expect(choose()).rejects.toMatchObject({code: 'backend_unavailable', retry: 'backoff'});
});
