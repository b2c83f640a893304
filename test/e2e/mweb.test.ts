import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {expectInvariants} from '../support/invariants.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

const litecoind = systemProgram('litecoind', 'litecoind');
/** Blocks before the first that must hold a peg-in. */
const BEFORE_MWEB = 431;

describe.skipIf(litecoind === undefined)('a Litecoin node with MWEB active, and not started to hide it', () => {
  let world: World;
  let pegger: string;
  beforeAll(async () => {
    world = await World.start({daemon: 'litecoind', mweb: true});
    await world.node.createWallet('pegger');
    pegger = await world.node.rpc<string>('getnewaddress', ['', 'mweb'], 'pegger');
    const height = await world.node.rpc<number>('getblockcount');
    await world.mine(BEFORE_MWEB - height);
    await world.node.rpc('sendtoaddress', [pegger, 20], 'outside');
    await world.mine(2);
  });
  afterAll(() => world?.dispose());

  test('blocks with an extension are followed, and a mempool with transactions of nothing but MWEB is no trouble', async () => {
    await world.node.rpc(
      'sendtoaddress',
      [await world.node.rpc<string>('getnewaddress', ['', 'mweb'], 'outside'), 1],
      'pegger',
    );
    const txid = await world.pay(await world.customer('plain'), '0.5');
    await until('the deposit', async () => (await world.api.deposits(`?txid=${txid}`))[0]?.status === 'detected');
    await world.mine(3);
    await until('its credit', async () => (await world.api.deposits(`?txid=${txid}`))[0]?.status === 'credited');
    await expectInvariants(world, {balances: {plain: '0.50000000'}});
  });

  test('a peg-out to a customer is one deposit, credited once, and is not spent before the network lets it', async () => {
    const address = await world.customer('pegged');
    await world.node.rpc('sendtoaddress', [address, 3], 'pegger');
    await world.mine(3);
    await until('the credit', async () => (await world.api.account('pegged')).balance === '3.00000000');
    const deposits = await world.api.deposits(`?address=${address}`);
    expect(deposits.map(({amount, status}) => [amount, status])).toEqual([['3.00000000', 'credited']]);

    const {body} = await world.api.pay('early', {
      account: 'pegged',
      address: await world.outsideAddress(),
      amount: '2',
    });
    await until('it to wait for coins', async () => {
      const payout = await world.api.payout(body.id);
      return (
        payout.status === 'held' &&
        payout.reason?.startsWith('coins_short: its coins are too young') === true &&
        payout.clears === 'itself'
      );
    });
    await world.mine(3);
    await until('it to be sent', async () => (await world.api.payout(body.id)).status === 'sent');
    await world.mine(1);
    await until('its block', async () => (await world.api.payout(body.id)).status === 'confirmed');
    await expectInvariants(world, {balances: {pegged: '1.00000000'}});
  });

  test('a payout to a MWEB address is refused by name', async () => {
    const answer = await world.api.pay('mweb', {account: 'plain', address: pegger, amount: '0.1'});
    expect(answer).toMatchObject({status: 422, body: {code: 'bad_address', field: 'address'}});
    expect(answer.body.detail).toContain('MWEB addresses cannot be paid from here');
  });
});
