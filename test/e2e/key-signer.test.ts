import {execFile} from 'node:child_process';
import {readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, describe, expect, test} from 'vitest';
import type {ScriptType} from '../../source/coins/index.ts';
import type {Payout} from '../../source/contract/index.ts';
import {seedOf} from '../../source/signers/key/mnemonic.ts';
import {ABANDON, PASSPHRASE} from '../support/hot-key.ts';
import {expectInvariants} from '../support/invariants.ts';
import {programCommand} from '../support/program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
afterEach(() => world?.dispose());

const pay = async (key: string, amount: string): Promise<{id: string; address: string}> => {
  const address = await world.outsideAddress();
  const answer = await world.api.pay(key, {account: 'alice', address, amount});
  expect(answer, JSON.stringify(answer.body)).toMatchObject({status: 201});
  return {id: answer.body.id, address};
};

const reaches = async (id: string, ...statuses: Payout['status'][]): Promise<Payout> =>
  until(`payout ${id} to be ${statuses.join(' or ')}`, async () => {
    const payout = await world.api.payout(id);
    return statuses.includes(payout.status) ? payout : undefined;
  });

/** Processes that the engine has started and that hold a key, by what the kernel says of them. */
const signerPids = (): number[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
        return parent === world.engine.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('signer');
      } catch {
        // It ended while the list was read.
        return false;
      }
    })
    .map(Number);

const signerPid = async (): Promise<number> => until('a signer process', () => signerPids()[0]);

// The others: test/e2e/networks.test.ts and test/signers/key.
describe.each<ScriptType>(['taproot', 'legacy'])('%s', type => {
  test('deposits and payouts go through a key of the engine’s own; the books are right', async () => {
    world = await World.start({key: type});
    await world.fundedCustomer('alice', '2', 2);
    const first = await pay('one', '0.75');
    const {txid} = await reaches(first.id, 'sent');
    await world.mine(1);
    await reaches(first.id, 'confirmed');
    // From the change of the first, and the other coin.
    const second = await pay('two', '1.2');
    await reaches(second.id, 'sent');
    await world.mine(8);
    for (const {id} of [first, second]) await reaches(id, 'settled');
    expect((await world.api.payout(first.id)).txid).toBe(txid);
    for (const {address, amount} of [
      {...first, amount: 0.75},
      {...second, amount: 1.2},
    ])
      expect(await world.node.rpc('getreceivedbyaddress', [address, 1], 'outside')).toBe(amount);
    await expectInvariants(world, {balances: {alice: '0.05000000'}});
  }, 120_000);
});

test('nothing secret is in the environment, the arguments, the log, the events or what check says', async () => {
  world = await World.start({key: 'segwit'});
  await world.fundedCustomer('alice', '1');
  await reaches((await pay('one', '0.1')).id, 'sent');
  const pids = [world.engine.pid, await signerPid()];
  const check = await world.run('check');
  expect(check.stdout).toMatch(/ok +btc signer +the key 73c5da0a of .*hot\.key is unlocked/);
  const show = await world.run('key', 'show', 'btc', '--json');
  const texts = [
    ...pids.flatMap(pid => ['cmdline', 'environ'].map(name => readFileSync(`/proc/${pid}/${name}`, 'latin1'))),
    readFileSync(world.config.log, 'utf8'),
    JSON.stringify(await world.api.events()),
    check.stdout + check.stderr + show.stdout + show.stderr,
  ].join('\n');
  expect(texts).toContain('the signer is ready');
  const seed = await seedOf(ABANDON);
  for (const secret of [PASSPHRASE, 'abandon', seed.toString('hex'), seed.toString('base64'), 'prv'])
    expect(texts).not.toContain(secret);
}, 120_000);

test('the signer killed under a payout: it goes out once, and the engine killed leaves no signer', async () => {
  world = await World.start({key: 'segwit'});
  await world.fundedCustomer('alice', '1');
  const pid = await signerPid();
  process.kill(pid, 'SIGSTOP');
  const {id, address} = await pay('one', '0.25');
  await reaches(id, 'reserved');
  process.kill(pid, 'SIGKILL');
  await reaches(id, 'sent');
  await world.mine(1);
  await reaches(id, 'confirmed');
  expect(await world.node.rpc('getreceivedbyaddress', [address, 0], 'outside')).toBe(0.25);
  expect(readFileSync(world.config.log, 'utf8')).toContain('the signer process ended');
  const [next = 0] = signerPids();
  await world.engine.kill();
  await until('the signer to end with the engine', () => {
    try {
      // A zombie that nobody reaps yet has no memory left.
      return !readFileSync(`/proc/${next}/status`, 'latin1').includes('VmRSS');
    } catch {
      return true;
    }
  });
  await world.engine.start();
  await expectInvariants(world, {balances: {alice: '0.75000000'}});
}, 120_000);

test('a wrong passphrase holds payouts and says what to do; the right one lets them go', async () => {
  world = await World.start({key: 'segwit', bare: true});
  const file = `${world.directory}/hot.pass`;
  renameSync(file, `${file}.right`);
  writeFileSync(file, 'wrong horse battery staple', {mode: 0o600});
  expect((await world.run('check')).stdout).toMatch(
    /FAILED +btc signer +the passphrase is not the one of this key file/,
  );
  await world.init();
  await world.engine.start();
  await world.fundedCustomer('alice', '1');
  const {id} = await pay('one', '0.25');
  const held = await reaches(id, 'held');
  expect(held).toMatchObject({reason: expect.stringMatching(/^wallet_locked: .*hot\.pass/), clears: 'itself'});
  renameSync(`${file}.right`, file);
  await reaches(id, 'sent');
  await expectInvariants(world, {balances: {alice: '0.75000000'}});
}, 120_000);

test('what is above the limits of the signer is held with its words, and the rest goes out', async () => {
  world = await World.start({key: 'segwit', keyOptions: 'limits: {per_transaction: "0.5"}'});
  await world.fundedCustomer('alice', '2', 2);
  const [large, small] = await Promise.all([pay('large', '0.6'), pay('small', '0.1')]);
  expect(await reaches(large.id, 'held')).toMatchObject({
    reason: expect.stringMatching(
      /the key's signer refuses: 0\.6\d+ would leave at once, and the signer was started with a limit of 0\.50000000/,
    ),
  });
  await reaches(small.id, 'sent');
  await expectInvariants(world);
}, 120_000);

test('the passphrase comes on a descriptor that a shell passes; without it, check says how to pass it', async () => {
  world = await World.start({key: 'segwit', bare: true});
  const config = readFileSync(world.config.path, 'utf8');
  writeFileSync(world.config.path, config.replace(/passphrase: \{file: [^}]+\}/, 'passphrase: {fd: 5}'));
  await world.init();
  const without = await world.run('check');
  expect(without).toMatchObject({
    code: 69,
    stdout: expect.stringMatching(/FAILED +btc signer +descriptor 5 .*5< <\(pass/),
  });
  const script = 'pass=$1; config=$2; shift 2; cat "$pass" | "$@" check --config "$config" 5<&0 </dev/null';
  const args = ['-c', script, 'sh', join(world.directory, 'hot.pass'), world.config.path, ...programCommand()];
  const {stdout} = await promisify(execFile)('/bin/sh', args, {env: {...process.env, NODE_ENV: 'production'}});
  expect(stdout).toMatch(/ok +btc signer +the key 73c5da0a/);
}, 120_000);
