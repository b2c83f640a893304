import {afterAll, beforeAll, expect, test} from 'vitest';
import type {Failover} from '../../../source/backends/failover/index.ts';
import {satoshi} from '../../../source/primitives/amount.ts';
import {openElectrum} from '../../support/electrum.ts';
import {ElectrumServer} from '../../support/electrum-server/electrum-server.ts';
import {EsploraServer} from '../../support/esplora-server/index.ts';
import {openEsplora} from '../../support/esplora.ts';
import {named, openFailover} from '../../support/failover.ts';
import {TrackedNode} from '../../support/tracked-node.ts';
import {until} from '../../support/until.ts';

// Three kinds of backends over one real node, in this order: Electrum, Esplora, the node itself.

const RULES = {probeEvery: 200, probeAgain: 50, patience: 2_000, wellFor: 1_500};
const ALL = ['electrum', 'esplora', 'own'];

let world: TrackedNode;
let electrum: ElectrumServer;
let esplora: EsploraServer;
let several: Failover;
beforeAll(async () => {
  world = await TrackedNode.start({
    confirmations: 2,
    maxConfirmationCount: 8,
    zmq: false,
    agreement: {above: satoshi(200_000_000n), sources: 3, among: ALL},
    prepare: async node => {
      electrum = await ElectrumServer.start({node});
      esplora = await EsploraServer.start(node);
    },
    through: own => {
      const sources = [
        named('electrum', openElectrum(electrum.url), 'electrum'),
        named('esplora', openEsplora(esplora.url), 'esplora'),
        named('own', own),
      ];
      several = openFailover(sources, RULES);
      return several;
    },
  });
  await world.caughtUp();
});
afterAll(async () => {
  await world.dispose();
  await electrum.close();
  await esplora.close();
});

const untilSpeaks = async (name: string) =>
  until(`${name} to speak`, () => several.several.list().find(one => one.name === name)?.speaks);
const untilStatus = async (txid: string, status: string) =>
  until(`${txid} to be ${status}`, async () =>
    (await world.deposits()).some(deposit => deposit.txid === txid && deposit.status === status),
  );

test('a large deposit is credited when Electrum, Esplora and the node say the same of it', async () => {
  await until('all to be well', () => several.several.list().every(({state}) => state === 'ok'));
  const txid = await world.pay(await world.address('bob'), 2);
  await world.mine(2);
  await untilStatus(txid, 'credited');
  expect(await world.story(txid)).toEqual(['detected', 'credited']);
});

test('each takes over from the one before, whatever kind it is, and nothing is missed or counted twice', async () => {
  const address = await world.address('alice');
  await untilSpeaks('electrum');
  const txids = [await world.pay(address, 0.1)];
  const [port, other] = [electrum.port, esplora.port];
  await untilStatus(txids[0]!, 'detected');

  await electrum.close();
  await untilSpeaks('esplora');
  txids.push(await world.pay(address, 0.2));
  await untilStatus(txids[1]!, 'detected');
  await world.mine(1);

  await esplora.close();
  await untilSpeaks('own');
  txids.push(await world.pay(address, 0.4), await world.pay(await world.address('alice'), 0.8));
  await untilStatus(txids[3]!, 'detected');
  await world.mine(2);
  for (const txid of txids) await untilStatus(txid, 'credited');

  electrum = await ElectrumServer.start({node: world.node, port});
  esplora = await EsploraServer.start(world.node, {port: other});
  await untilSpeaks('electrum');
  txids.push(await world.pay(address, 1.6));
  await untilStatus(txids[4]!, 'detected');
  await world.mine(2);
  await untilStatus(txids[4]!, 'credited');
  await world.caughtUp();
  expect(await world.balance('alice')).toBe('3.10000000');
  for (const txid of txids) expect(await world.story(txid)).toEqual(['detected', 'credited']);
  await world.expectSound();
});
