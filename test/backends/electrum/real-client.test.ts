import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {ElectrumServer} from '../../support/electrum-server/index.ts';
import {RealElectrum} from '../../support/electrum-server/real-client.ts';
import {RegtestNode} from '../../support/regtest-node.ts';
import {systemProgram} from '../../support/system-program.ts';
import {until} from '../../support/until.ts';

const electrum = systemProgram('electrum', 'electrum');

// The server that the backend is tested with is one that a real wallet, which trusts no server, can live with.
describe.skipIf(electrum === undefined)('the test server, to a real Electrum wallet', () => {
  let node: RegtestNode;
  let server: ElectrumServer;
  let client: RealElectrum;
  beforeAll(async () => {
    node = await RegtestNode.start();
    await node.createWallet('hot');
    await node.mine(110, await node.rpc<string>('getnewaddress', [], 'hot'));
    server = await ElectrumServer.start({node});
    client = await RealElectrum.start(electrum!, server.port);
  });
  afterAll(async () => {
    await client?.dispose();
    await server.close();
    await node.dispose();
  });
  const balanceIs = async (balance: {confirmed?: string; unconfirmed?: string}) => {
    const wanted = JSON.stringify(balance);
    await until(`a balance of ${wanted}`, async () => JSON.stringify(await client.balance()) === wanted, {every: 300});
  };

  test('shows a payment in the mempool, proves it in its block, and takes one that the wallet sends', async () => {
    const address = await client.command('createnewaddress');
    await node.rpc('sendtoaddress', [address, 1.5], 'hot');
    await balanceIs({confirmed: '0', unconfirmed: '1.5'});
    await node.mine(1);
    await balanceIs({confirmed: '1.5'});
    // The wallet counts it as confirmed only after it has followed the proof to a header of its own.
    expect(server.asked.get('blockchain.transaction.get_merkle')).toBeGreaterThan(0);

    const target = await node.rpc<string>('getnewaddress', [], 'hot');
    const raw = await client.command('payto', target, '0.5', '--feerate', '5');
    const txid = await client.command('broadcast', raw);
    expect(await node.rpc('getrawmempool')).toEqual([txid]);
    await node.mine(1);
    expect(await node.rpc('getreceivedbyaddress', [target, 1], 'hot')).toBe(0.5);
    await until('the change', async () => (await client.balance()).confirmed?.startsWith('0.9999'), {every: 300});
  });
});
