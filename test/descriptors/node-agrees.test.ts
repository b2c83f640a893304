import {afterAll, beforeAll, expect, test} from 'vitest';
import {addressOf, coins, type ScriptType} from '../../source/coins/index.ts';
import {BranchDeriver, descriptorChecksum, parseWallet, writeDescriptor} from '../../source/descriptors/index.ts';
import {RegtestNode} from '../support/regtest-node.ts';
import {MASTER, TPUB} from '../support/keys.ts';

let node: RegtestNode;
beforeAll(async () => {
  node = await RegtestNode.start({zmq: false});
}, 60_000);
afterAll(async () => node.dispose());

const coin = coins.get('btc')!;
const where = {coin, network: coin.networks.regtest!};

test.each<ScriptType>(['legacy', 'nested', 'segwit', 'taproot'])(
  'addresses of a %s wallet are those that the node derives from the same descriptor, with the checksum it computes',
  async type => {
    const wallet = parseWallet({kind: 'key', xpub: TPUB, type, origin: `${MASTER}/84h/1h/0h`}, where);
    for (const branch of [wallet.receive, wallet.change]) {
      const descriptor = writeDescriptor(branch);
      const info = await node.rpc<{checksum: string}>('getdescriptorinfo', [descriptor.split('#')[0]]);
      expect(descriptor.split('#')[1]).toBe(info.checksum);
      const derived = await node.rpc<string[]>('deriveaddresses', [descriptor, [0, 30]]);
      const deriver = new BranchDeriver(branch);
      expect(derived).toEqual(derived.map((_, index) => addressOf(deriver.at(index).scriptPubKey, where.network)));
    }
  },
);

test('the checksum of a multipath descriptor is the node’s', async () => {
  const text = `tr([${MASTER}/86'/1'/0']${TPUB}/<0;1>/*)`;
  const info = await node.rpc<{checksum: string}>('getdescriptorinfo', [text]);
  expect(descriptorChecksum(text)).toBe(info.checksum);
});
