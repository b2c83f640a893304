import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {writeConfigFile} from '../support/config-file.ts';
import {Engine} from '../support/engine.ts';
import {expectInvariants} from '../support/invariants.ts';
import {runProgram} from '../support/program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.dispose());

const folder = (): string => mkdtempSync(join(tmpdir(), 'cac-process-'));

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it cleanly with exit code 0 in less than 8 s', async signal => {
  const begun = performance.now();
  expect(await world.engine.stop(signal)).toMatchObject({code: 0});
  expect(performance.now() - begun).toBeLessThan(8000);
  await world.engine.start();
  await expectInvariants(world);
});

test('a second SIGTERM while it stops does not spoil the end', async () => {
  world.engine.program.child.kill('SIGTERM');
  expect(await world.engine.stop('SIGTERM')).toMatchObject({code: 0});
  await world.engine.start();
  await expectInvariants(world);
});

test('told to stop while its node hangs, it ends with exit code 0 in less than 8 s', async () => {
  await world.api.createAccount('patient');
  await world.node.freeze();
  try {
    const asked = world.api.createAddress('patient').catch(() => 'nobody answered');
    const begun = performance.now();
    expect(await world.engine.stop()).toMatchObject({code: 0});
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(await asked).toBe('nobody answered');
  } finally {
    world.node.thaw();
  }
  await world.engine.start();
  await expectInvariants(world);
});

test('POST /v1/engine/stop ends it with exit code 0', async () => {
  await world.api.post('/v1/engine/stop', {});
  expect(await world.engine.program.ended).toMatchObject({code: 0});
  await world.engine.start();
});

test('a second engine on the ledger is refused with exit code 1 and disturbs nothing', async () => {
  const second = await runProgram([world.config.path, '--headless']);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(new RegExp(`${world.engine.pid}|already|runs`));
  expect((await world.api.health()).status).toBe(200);
});

test('a ledger that was not initialised is exit code 78 and names init', async () => {
  const directory = folder();
  const config = writeConfigFile({directory, node: world.node});
  const result = await runProgram([config.path, '--headless']);
  expect(result.code).toBe(78);
  expect(result.stderr).toMatch(/cryptoassets-console init/);
  rmSync(directory, {recursive: true});
});

test('a config that is not there is exit code 78 and names the path', async () => {
  const result = await runProgram(['/nowhere/config.yaml', '--headless']);
  expect(result.code).toBe(78);
  expect(result.stderr).toMatch('/nowhere/config.yaml');
});

test('init is safe to repeat, and creates nothing while the node is out of reach', async () => {
  expect(await world.run('init')).toMatchObject({code: 0});
  const directory = folder();
  const config = writeConfigFile({directory, node: {...ends(), url: 'http://127.0.0.1:9'}});
  const result = await runProgram(['init', '--config', config.path]);
  expect(result.code).toBe(69);
  expect(`${result.stdout}${result.stderr}`).toMatch('127.0.0.1:9');
  expect((await runProgram([config.path, '--headless'])).code).toBe(78);
  rmSync(directory, {recursive: true});
});

const ends = () => ({url: world.node.url, cookiePath: world.node.cookiePath, zmqUrl: world.node.zmqUrl});

test('a wrong cookie is exit code 69 for check, and says where the cookie is looked for', async () => {
  const directory = folder();
  const cookiePath = join(directory, 'cookie');
  writeFileSync(cookiePath, '__cookie__:wrong');
  const config = writeConfigFile({directory, node: {...ends(), cookiePath}});
  const result = await runProgram(['check', '--config', config.path]);
  expect([69, 78]).toContain(result.code);
  expect(`${result.stdout}${result.stderr}`).toMatch(cookiePath);
  expect(`${result.stdout}${result.stderr}`).not.toMatch('__cookie__:wrong');
  rmSync(directory, {recursive: true});
});

test('started while its node is away, it runs, says degraded, and catches up when the node comes', async () => {
  await world.engine.stop();
  await world.node.stop();
  const engine = new Engine(world.config);
  await engine.start();
  const health = await until('it to say degraded', async () => {
    const {status, body} = await engine.api.health();
    return body.status === 'degraded' ? {status, body} : undefined;
  });
  expect(health.status).toBe(200);
  await world.node.start();
  await world.mine(2);
  const tip = await world.node.rpc<number>('getblockcount');
  await until('it to catch up', async () => (await engine.api.status()).coins[0]?.height === tip);
  expect(await engine.stop()).toMatchObject({code: 0});
  await world.engine.start();
  await expectInvariants(world);
});
