import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Payout} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(async () => {
  await world?.dispose();
});

const restart = async (): Promise<void> => {
  await world.engine.kill();
  await world.engine.start();
};

/** What an outside address got, unconfirmed included, by counting its coins and not by asking a wallet's sums. */
const paidTo = async (address: string): Promise<string> => {
  const coins = await world.node.rpc<{amount: number}[]>('listunspent', [0, 9_999_999, [address]], 'outside');
  return coins.reduce((total, {amount}) => total + amount, 0).toFixed(8);
};

const allSent = async (payouts: readonly Payout[]): Promise<void> => {
  for (const {id} of payouts)
    await until(`payout ${id} to go out`, async () =>
      ['sent', 'confirmed', 'settled'].includes((await world.api.payout(id)).status),
    );
};

/** Accepts payouts of 0.01 to fresh addresses. */
const accept = async (count: number, key: string) => {
  const addresses = await Promise.all(Array.from({length: count}, () => world.outsideAddress()));
  const answers = await Promise.all(
    addresses.map((address, index) => world.api.pay(`${key}-${index}`, {account: 'alice', address, amount: '0.01'})),
  );
  expect(answers.map(({status}) => status)).toEqual(addresses.map(() => 201));
  return {addresses, payouts: answers.map(({body}) => body)};
};

const expectPaidOnce = async (addresses: readonly string[]): Promise<void> => {
  for (const address of addresses) expect(await paidTo(address)).toBe('0.01000000');
};

test('killed right after accepting, the engine sends what it accepted, once', async () => {
  await world.fundedCustomer('alice', '1');
  const {addresses, payouts} = await accept(5, 'accepted');
  await restart();
  await allSent(payouts);
  await world.mine(1);
  await world.caughtUp();
  await expectPaidOnce(addresses);
  await expectInvariants(world, {balances: {alice: '0.95000000'}});
});

test('killed after the node took the transaction, the engine sends no second one', async () => {
  await world.fundedCustomer('alice', '1');
  const {addresses, payouts} = await accept(3, 'sent');
  // The node has it now; whether the engine has stored the answer is left to chance.
  await until('the node to have it', async () => (await world.node.rpc<string[]>('getrawmempool')).length > 0, {
    every: 2,
  });
  await restart();
  await allSent(payouts);
  await world.mine(1);
  await world.caughtUp();
  await expectPaidOnce(addresses);
  await expectInvariants(world, {balances: {alice: '0.97000000'}});
});

test('killed while the node hangs in mid-answer, the engine goes on when both are back', async () => {
  await world.fundedCustomer('alice', '1');
  await world.node.freeze();
  const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
  const {body} = await world.api.pay('frozen', {account: 'alice', address, amount: '0.1'});
  await until('the engine to miss its node', async () => (await world.api.payout(body.id)).status !== 'sent');
  await world.engine.kill();
  world.node.thaw();
  await world.engine.start();
  await allSent([body]);
  await world.mine(1);
  await world.caughtUp();
  await expectInvariants(world, {balances: {alice: '0.90000000'}});
});

test('killed at twelve random moments between accepting and sending, every payout is paid exactly once', async () => {
  await world.fundedCustomer('alice', '3', 6);
  const addresses: string[] = [];
  const payouts: Payout[] = [];
  for (let round = 0; round < 12; round += 1) {
    const accepted = await accept(4, `round-${round}`);
    addresses.push(...accepted.addresses);
    payouts.push(...accepted.payouts);
    // Signing and sending take about 50 ms: the kill falls before, into or after every durable step of it.
    const moment = Math.random() * 120;
    await new Promise(resolve => setTimeout(resolve, moment));
    await restart();
    if (round % 4 === 3) await world.mine(1);
  }
  await allSent(payouts);
  await world.mine(1);
  await world.caughtUp();
  await expectPaidOnce(addresses);
  await expectInvariants(world, {balances: {alice: (3 - 0.01 * payouts.length).toFixed(8)}});
});

test('killed at random while deposits and blocks come, the engine misses and doubles nothing', async () => {
  const address = await world.customer('alice');
  for (let round = 0; round < 6; round += 1) {
    for (let sent = 0; sent < 5; sent += 1) await world.pay(address, '0.02');
    await world.mine(1);
    const moment = Math.random() * 80;
    await new Promise(resolve => setTimeout(resolve, moment));
    await restart();
  }
  await world.mine(3);
  await world.caughtUp();
  await expectInvariants(world, {balances: {alice: '0.60000000'}});
});

test('a node stopped and started again changes nothing; a payout asked for meanwhile goes out', async () => {
  await world.fundedCustomer('alice', '1');
  const pending = await world.pay(await world.api.createAddress('alice'), '0.25');
  await until('it to be seen', async () => (await world.api.deposits(`?txid=${pending}`)).length === 1);
  await world.node.stop();
  await until('the engine to say so', async () => (await world.api.status()).coins[0]?.backend.state === 'down');
  const {body} = await world.api.pay('meanwhile', {
    account: 'alice',
    address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
    amount: '0.1',
  });
  await world.node.start();
  await allSent([body]);
  await world.mine(3);
  await world.caughtUp();
  await expectInvariants(world, {balances: {alice: '1.15000000'}});
});

test('a node killed with -9 loses blocks: nothing is reversed, and all converges when it goes on', async () => {
  await world.fundedCustomer('alice', '1');
  // Flushes the chain so far to disk; what comes after it is lost by the kill.
  await world.node.rpc('gettxoutsetinfo', ['none']);
  const txid = await world.pay(await world.api.createAddress('alice'), '0.5');
  const raw = await world.node.rpc<string>('getrawtransaction', [txid]);
  await world.mine(3);
  await until('the credit', async () => (await world.api.account('alice')).balance === '1.50000000');
  const before = await world.node.rpc<number>('getblockcount');
  await world.node.kill();
  await world.node.start();
  const after = await world.node.rpc<number>('getblockcount');
  if (after < before) {
    await until(
      'the engine to call it behind',
      async () => (await world.api.status()).coins[0]?.backend.state === 'behind',
    );
    expect((await world.api.account('alice')).balance).toBe('1.50000000');
    expect((await world.api.status()).coins[0]?.payouts_paused).toBeTruthy();
  }
  await world.node.rpc('sendrawtransaction', [raw]).catch(() => undefined);
  await world.mine(before - after + 4);
  await world.caughtUp();
  await until('the credit again', async () => (await world.api.account('alice')).balance === '1.50000000');
  await expectInvariants(world, {balances: {alice: '1.50000000'}});
});
