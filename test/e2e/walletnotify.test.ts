import {execFile} from 'node:child_process';
import {statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {freePort} from '../support/regtest-node.ts';
import {expectInvariants} from '../support/invariants.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
let port: number;
const pipe = () => join(world.directory, 'notify-pipe');
beforeAll(async () => {
  port = await freePort();
  world = await World.start({
    notify: [`{type: http, listen: "127.0.0.1:${port}"}`, '{type: pipe, path: ./notify-pipe}'],
  });
});
afterAll(() => world?.dispose());

const channels = async () => (await world.api.status()).coins[0]!.backend.notify;
const heardOn = (name: string) =>
  until(`something on ${name}`, async () => {
    const channel = (await channels()).find(one => one.channel.startsWith(name));
    return channel?.state === 'ok' ? channel : undefined;
  });
const restartNodeWith = async (hook: string) => {
  await world.node.stop();
  const script = join(world.directory, 'hook.sh');
  writeFileSync(script, `#!/bin/sh\n${hook}\n`, {mode: 0o755});
  await world.node.start([`-walletnotify=${script} %s`, '-wallet=hot']);
  await until('the node to be seen again', async () => (await world.api.status()).coins[0]!.backend.state === 'ok');
};

test('walletnotify over HTTP, with curl as the original has it', async () => {
  await restartNodeWith(`exec curl --silent --data txid=$1 http://127.0.0.1:${port}`);
  const txid = await world.pay(await world.customer('http'), '0.5');
  await heardOn('http');
  await until('the deposit', async () => (await world.api.deposits(`?txid=${txid}`))[0]?.status === 'detected');
});

test('walletnotify through a named pipe, which is made and only read', async () => {
  expect(statSync(pipe()).isFIFO()).toBe(true);
  await restartNodeWith(`echo $1 >> ${pipe()}`);
  const txid = await world.pay(await world.customer('pipe'), '0.5');
  await heardOn('pipe');
  await until('the deposit', async () => (await world.api.deposits(`?txid=${txid}`))[0]?.status === 'detected');
  // Writers come and go; the pipe stays open.
  for (let line = 0; line < 50; line += 1)
    await promisify(execFile)('sh', ['-c', `echo ${txid} >> ${pipe()}; echo nonsense >> ${pipe()}`]);
  expect((await channels()).map(({state}) => state)).toEqual(['ok', 'ok']);
});

test('walletnotify by a plain command, and nothing it is told is believed', async () => {
  const txid = await world.pay(await world.customer('command'), '0.5');
  const told = await world.run('notify', world.config.coin, txid, '--json');
  expect([told.code, JSON.parse(told.stdout)]).toEqual([0, {coin: 'btc', heard: true}]);
  await until('the deposit', async () => (await world.api.deposits(`?txid=${txid}`))[0]?.status === 'detected');
  expect((await world.run('notify', 'btc', 'ab'.repeat(32))).code).toBe(0);
  expect((await world.run('notify', 'btc', `block=${'ab'.repeat(32)}`)).code).toBe(0);
  expect((await world.run('notify', 'btc', 'nonsense')).code).toBe(64);
  await world.mine(3);
  await world.caughtUp();
  await expectInvariants(world, {balances: {http: '0.50000000', pipe: '0.50000000', command: '0.50000000'}});
});

test('whatever else is sent there is refused', async () => {
  const send = async (body: string) => (await fetch(`http://127.0.0.1:${port}`, {method: 'POST', body})).status;
  expect(await send('txid=short')).toBe(400);
  expect(await send('x'.repeat(100_000))).toBe(400);
  expect(await send('%')).toBe(400);
  expect(await send(`block=${'cd'.repeat(32)}`)).toBe(204);
});
