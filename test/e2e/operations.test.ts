import {existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {Engine} from '../support/engine.ts';
import {NotifySocket} from '../support/notify-socket.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

const python = systemProgram('python3', 'python3');
const notify = systemProgram('systemd-notify', 'systemd');

describe('a ledger in the hands of its operator', () => {
  let world: World;
  const folder = (name: string) => join(world.directory, name);

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(async () => world?.dispose());

  test.skipIf(python === undefined || notify === undefined)(
    'systemd is told that it is ready, lives and stops',
    async () => {
      await world.engine.stop();
      const socket = await NotifySocket.open(python!);
      const engine = new Engine(world.config, {NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '900000'});
      try {
        await engine.start();
        await until('signs of life', () => socket.count('WATCHDOG=1') >= 2);
        expect(socket.words[0]).toContain('READY=1');
        // An engine that stands still cannot say that it lives.
        process.kill(engine.pid, 'SIGSTOP');
        process.kill(engine.pid, 'SIGCONT');
        const result = await engine.stop('SIGTERM');
        expect(result.code).toBe(0);
        await until('the end', () => socket.count('STOPPING=1') === 1);
        expect(socket.words.at(-1)).toContain('STOPPING=1');
      } finally {
        await engine.dispose();
        await socket.close();
        await world.engine.start();
      }
    },
  );

  test('at SIGHUP the log goes on in a new file, and the engine goes on', async () => {
    const {log} = world.config;
    renameSync(log, `${log}.1`);
    process.kill(world.engine.pid, 'SIGHUP');
    await until('the new file', () => existsSync(log) && readFileSync(log, 'utf8').includes('log opened anew'));
    expect(readFileSync(`${log}.1`, 'utf8')).toContain('"msg":"ready"');
    expect((await world.api.health()).status).toBe(200);
    expect((await world.run('health')).code).toBe(0);
  });

  test('it is backed up while it works, lost, and restored without paying anything twice', async () => {
    await world.fundedCustomer('alice', '1.0');
    const outside = await world.outsideAddress();
    const backup = folder('backup');
    const made = await world.run('backup', '--to', backup, '--json');
    expect({code: made.code, stderr: made.stderr}).toMatchObject({code: 0});
    expect(readdirSync(backup).toSorted()).toEqual(['btc.sqlite', 'manifest.json']);
    const [ledger] = (JSON.parse(made.stdout) as {ledgers: {height: number; sha256: string}[]}).ledgers;
    expect(ledger).toMatchObject({height: await world.node.rpc<number>('getblockcount')});
    expect((await world.run('backup', '--to', backup)).code).toBe(1);

    expect(await world.run('restore', '--backup', backup)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('an engine answers at'),
    });

    // Paid after the backup: the restored ledger will not know of it.
    await world.api.pay('after', {account: 'alice', address: outside, amount: '0.2'});
    await until('it to be sent', async () => (await world.api.payouts())[0]?.status === 'sent');
    await world.engine.stop();
    mkdirSync(folder('lost'));
    for (const name of readdirSync(folder('data'))) renameSync(join(folder('data'), name), join(folder('lost'), name));

    writeFileSync(world.config.ledger, 'something else');
    expect(await world.run('restore', '--backup', backup)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('in the way; a restore never overwrites'),
    });
    renameSync(world.config.ledger, join(folder('lost'), 'something'));
    const restored = await world.run('restore', '--backup', backup);
    expect(restored).toMatchObject({code: 0, stderr: expect.stringContaining('payouts resume btc')});
    await world.engine.start();

    // The application, which does not know, asks again: nothing goes out.
    await world.api.pay('after', {account: 'alice', address: outside, amount: '0.2'});
    const held = await until('it to be held', async () => {
      const [payout] = await world.api.payouts();
      return payout?.status === 'held' && payout;
    });
    expect(held.reason).toMatch(/^restored: the ledger was restored from a backup of /);
    const {coins, events} = await world.api.status();
    expect(coins[0]?.payouts_paused).toMatch(/restored from a backup/);
    expect(events.map(({type}) => type)).toContain('ledger.restored');

    // What was paid after the backup is mined: the books differ, and nobody can let payouts out.
    await world.mine(1);
    await until('the drift', async () => (await world.api.books()).drift !== '0.00000000');
    expect(await world.run('payouts', 'resume', 'btc')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/restored from a backup, and its books differ from the chain by -1\.0/),
    });
    expect(await world.node.rpc<string[]>('getrawmempool')).toEqual([]);

    await reconcile(held.id);
    expect(await world.run('payouts', 'resume', 'btc')).toMatchObject({code: 0});
    const paid = await world.api.pay('later', {account: 'alice', address: outside, amount: '0.1'});
    await until('it to be sent', async () => (await world.api.payout(paid.body.id)).status === 'sent');
    await world.mine(1);
    await until('the books', async () => (await world.api.books()).height === (await world.node.rpc('getblockcount')));
    expect((await world.api.books()).drift).toBe('0.00000000');
    expect((await world.api.account('alice')).balance).toBe('0.70000000');
  });

  /** As docs/operations.md says: what was paid is booked, and the change that the ledger does not know comes to it. */
  const reconcile = async (paidAlready: string) => {
    expect((await world.run('payout', 'cancel', 'btc', paidAlready)).code).toBe(0);
    const adjust = async (account: string, amount: string) =>
      world.api.post('/v1/btc/adjustments', {account, amount, reason: 'restored from a backup'});
    await adjust('alice', '-0.2');
    const recovery = await world.customer('recovery');
    await world.node.rpc('sendall', [[recovery]], 'hot');
    await world.pay(recovery, '0.01');
    await world.mine(3);
    await until('both to be credited', async () => Number((await world.api.account('recovery')).balance) > 0.8);
    const {drift} = await until('the books of now', async () => {
      const books = await world.api.books();
      return books.height === (await world.node.rpc<number>('getblockcount')) && books;
    });
    await adjust('recovery', drift);
  };
});
