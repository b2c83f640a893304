import {existsSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {afterAll, beforeAll, expect, test} from 'vitest';
import type {Status} from '../../source/contract/index.ts';
import {expectInvariants} from '../support/invariants.ts';
import {Program, runProgram} from '../support/program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
const programs: Program[] = [];

beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  for (const program of programs) if (program.running) await program.stop('SIGKILL');
  await world?.dispose();
});

test('an engine that was stopped loses ledger and socket to the next, and ends with 2 without touching either', async () => {
  const stopped = world.engine.program;
  stopped.child.kill('SIGSTOP');
  const verb = world.run('account', 'create', 'btc', 'early');
  const second = new Program([world.config.path, '--headless']);
  programs.push(second);
  const log = () => readFileSync(world.config.log, 'utf8');
  // Not asked over the socket: until it is replaced, that is the stopped one's, which takes connections and is silent.
  await until('the second to be ready', () => new RegExp(`"pid":${second.pid}[^]*"msg":"ready"`).test(log()), {
    timeout: 40_000,
  });
  // While the first one might still have come back, the verb had to refuse; afterwards it is served.
  expect([0, 1]).toContain((await verb).code);
  const inode = statSync(world.config.socket).ino;
  stopped.child.kill('SIGCONT');
  expect(await stopped.ended).toMatchObject({code: 2});
  expect(log()).toMatch(/"code":"fenced"/);
  expect(statSync(world.config.socket).ino).toBe(inode);
  expect(await world.run('account', 'create', 'btc', 'late')).toMatchObject({code: 0});
  const status = await world.run('status', '--json');
  expect((JSON.parse(status.stdout) as Status).engine.pid).toBe(second.pid);
  expect(await second.stop()).toMatchObject({code: 0});
  expect(existsSync(world.config.socket)).toBe(false);
  await world.engine.start();
  expect((await world.api.account('late')).name).toBe('late');
  await expectInvariants(world);
});

test('an engine that was killed is followed at once, over the socket file it left behind', async () => {
  await world.engine.kill();
  expect(existsSync(world.config.socket)).toBe(true);
  await world.engine.start();
  expect(world.engine.logs()).not.toMatch(/waiting up to 10 s[^]*waiting up to 10 s/);
  expect((await world.api.health()).status).toBe(200);
  expect(statSync(world.config.socket).mode & 0o777).toBe(0o600);
});

test('a file that is no socket is not overwritten', async () => {
  await world.engine.stop();
  writeFileSync(world.config.socket, 'somebody’s notes');
  const refused = await runProgram([world.config.path, '--headless']);
  expect(refused).toMatchObject({code: 78});
  expect(refused.stderr).toMatch(/is a file and no socket/);
  expect(statSync(world.config.socket).isFile()).toBe(true);
  rmSync(world.config.socket);
  await world.engine.start();
});

test('verbs without an engine work on the ledger, and give it back', async () => {
  await world.engine.stop();
  expect(await world.run('account', 'create', 'btc', 'direct')).toMatchObject({code: 0});
  const made = await world.run('address', 'new', 'btc', '--account', 'direct', '--json');
  expect(made.code).toBe(0);
  const {address} = JSON.parse(made.stdout) as {address: string};
  const txid = await world.pay(address, '0.7');
  await world.mine(2);
  const rescanned = await world.run('rescan', '--json');
  expect(rescanned.code).toBe(0);
  const listed = await world.run('deposits', 'btc', '--json');
  expect(listed.stdout).toContain(txid);

  await world.engine.start();
  expect(world.engine.logs().split('\n').slice(-8).join('\n')).not.toMatch(/waiting up to/);

  await until('the deposit', async () => (await world.api.deposits()).some(deposit => deposit.txid === txid));
  await expectInvariants(world);
});
