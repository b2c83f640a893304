import {existsSync} from 'node:fs';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {RegtestNode, RpcRefusal} from './regtest-node.ts';

let node: RegtestNode;
beforeAll(async () => {
  node = await RegtestNode.start();
});
afterAll(() => node.dispose());

test('a node mines, stops and starts again on its data, and loads its wallet', async () => {
  await node.createWallet('hot');
  await node.mine(3);
  await node.stop();
  expect(node.isRunning).toBe(false);
  await node.start();
  expect(await node.rpc('getblockcount')).toBe(3);
  expect(await node.rpc('listwallets')).toEqual(['hot']);
  await node.mine(1, await node.rpc<string>('getnewaddress', [], 'hot'));
  expect(await node.rpc('getblockcount')).toBe(4);
});

test('a killed node starts again', async () => {
  await node.kill();
  await node.start();
  expect(await node.rpc('getblockcount')).toBeLessThanOrEqual(4);
});

test('a refusal carries the code', async () => {
  const refusal = await node.rpc('getblockhash', [1_000_000]).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(RpcRefusal);
  expect((refusal as RpcRefusal).code).toBe(-8);
});

test('dispose ends the process and removes its data', async () => {
  const other = await RegtestNode.start({zmq: false});
  const {pid} = other;
  await other.dispose();
  expect(existsSync(other.dataDirectory)).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
