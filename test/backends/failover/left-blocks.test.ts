import {expect, test} from 'vitest';
import {EngineError} from '../../../source/primitives/errors.ts';
import {parseBlockHash, parseTxid, type Txid} from '../../../source/primitives/ids.ts';
import {openBackend} from '../../support/bitcoind.ts';
import {named, openFailover} from '../../support/failover.ts';

// What each backend holds is given: real ones behind which nothing listens, with these blocks of a branch that was left.

const BLOCKS = [parseBlockHash('bb'.repeat(32))];
const TXIDS = ['a1', 'a2', 'a3'].map(byte => parseTxid(byte.repeat(32)));

const holding = (name: string, asked: string[], ...txids: readonly (Txid | undefined)[]) => {
  const backend = openBackend({url: 'http://127.0.0.1:1', wallet: undefined});
  const transactionsIn = async (_: readonly string[], wanted: readonly Txid[]) => {
    asked.push(`${name} ${wanted.length}`);
    if (txids.length === 0) throw new EngineError('backend_down', 'away', {retry: 'backoff'});
    return wanted.map(txid => (txids.includes(txid) ? Buffer.from(txid, 'hex') : undefined));
  };
  return named(name, Object.assign(backend, {chain: Object.assign(backend.chain, {transactionsIn})}));
};

test('transactions of a branch that was left come from whoever has them, the speaker first', async () => {
  const asked: string[] = [];
  const failover = openFailover([
    holding('1', asked, TXIDS[0]),
    holding('2', asked),
    holding('3', asked, TXIDS[0], TXIDS[2]),
  ]);
  const found = await failover.chain.transactionsIn!(BLOCKS, TXIDS);
  expect(found.map(raw => raw?.toString('hex'))).toEqual([TXIDS[0], undefined, TXIDS[2]]);
  expect(asked).toEqual(['1 3', '2 2', '3 2']);
  await failover.close();
});
