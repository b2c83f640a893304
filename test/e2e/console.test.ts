import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {ApiClient} from '../support/api-client.ts';
import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {TmuxScreen} from '../support/tmux-screen.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

const tmux = systemProgram('tmux', 'tmux');

describe.skipIf(tmux === undefined)('the console in a real terminal', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await world.fundedCustomer('alice', '1.25');
  });
  afterAll(() => world?.dispose());

  const open = (size: {columns?: number; rows?: number} = {}) =>
    TmuxScreen.start(tmux!, [...programCommand(), world.config.path], size);

  test('it attaches to the engine that runs, shows a deposit as it comes, and leaves the engine running', async () => {
    const screen = await open();
    try {
      await screen.shows(/BTC/);
      await world.pay(await world.api.createAddress('alice'), '0.31415926');
      await screen.shows(/0\.31415926/);
      await screen.press('q');
      await screen.shows(/Leave it running/);
      // A dialog takes no key for its first 300 ms, so that a burst of keys decides nothing.
      await until('the console to leave', async () => {
        await screen.press('Enter');
        return (await screen.text()).includes('ended with 0');
      });
    } finally {
      await screen.close();
    }
    expect((await world.api.health()).status).toBe(200);
  });

  test('r rescans, and says what it found', async () => {
    const screen = await open();
    try {
      await screen.shows(/BTC/);
      await screen.press('r');
      await screen.shows(/rescan/i);
      await until(
        'the rescan to be there',
        async () => {
          await screen.press('Enter');
          return (await world.api.all<{kind: string}>('/v1/btc/jobs')).some(({kind}) => kind === 'rescan');
        },
        {every: 200},
      );
      await until('it to finish', async () =>
        (await world.api.all<{kind: string; status: string}>('/v1/btc/jobs')).some(
          ({kind, status}) => kind === 'rescan' && status === 'finished',
        ),
      );
    } finally {
      await screen.close();
    }
  });

  test.each([
    {columns: 120, rows: 40},
    {columns: 80, rows: 24},
  ])('no line is wider than $columns columns', async size => {
    const screen = await open(size);
    try {
      const text = await screen.shows(/BTC/);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(size.columns);
    } finally {
      await screen.close();
    }
  });

  test('without an engine it hosts one, which goes on when the screen is killed', async () => {
    await world.engine.stop();
    const api = new ApiClient(world.config.socket);
    const screen = await open();
    await screen.shows(/hosting|hosted/);
    const {pid} = await until('the hosted engine', async () => (await api.status()).engine);
    await screen.close();
    expect((await api.status()).engine.pid).toBe(pid);
    await api.close();
    process.kill(pid, 'SIGTERM');
    await until('it to end', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        // No such process any more.
        return true;
      }
    });
    await world.engine.start();
  });
});

describe.skipIf(tmux === undefined)('the demo in a real terminal', () => {
  test('it shows a deposit within seconds and a payout soon after; q ends everything', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cac-demo-screen-'));
    const screen = await TmuxScreen.start(tmux!, [...programCommand(), 'demo'], {directory});
    try {
      await screen.shows(/alice|bob|carol/);
      await screen.shows(/sent/);
      await screen.press('q');
      await screen.shows(/ended with 0/);
    } finally {
      await screen.close();
      rmSync(directory, {recursive: true, force: true});
    }
  });
});
