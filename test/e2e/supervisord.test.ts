import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import Database from 'better-sqlite3';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {ApiClient} from '../support/api-client.ts';
import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';

const supervisord = systemProgram('supervisord', 'supervisor');
const supervisorctl = systemProgram('supervisorctl', 'supervisor');
const run = promisify(execFile);

/** What deploy/supervisord.conf says, with the paths of this machine, and files so small that they are soon full. */
const programSection = (world: World): string => {
  const values: Record<string, string | undefined> = {
    command: [...programCommand(), world.config.path, '--headless'].join(' '),
    user: undefined,
    directory: world.directory,
    stdout_logfile: join(world.directory, 'program.log'),
    stdout_logfile_maxbytes: '1000',
  };
  const shipped = readFileSync(fileURLToPath(new URL('../../deploy/supervisord.conf', import.meta.url)), 'utf8');
  return shipped
    .split('\n')
    .map(line => {
      const key = line.split('=')[0]!;
      if (!Object.hasOwn(values, key)) return line;
      return values[key] === undefined ? '' : `${key}=${values[key]}`;
    })
    .join('\n');
};

describe.skipIf(supervisord === undefined || supervisorctl === undefined)('under a real supervisord', () => {
  let world: World;
  let daemon: ChildProcess;
  let api: ApiClient;
  let conf: string;

  beforeAll(async () => {
    world = await World.start({bare: true});
    await world.init();
    api = new ApiClient(world.config.socket);
    conf = join(world.directory, 'supervisord.conf');
    const socket = join(world.directory, 'supervisor.sock');
    writeFileSync(
      conf,
      `[supervisord]
nodaemon=true
logfile=${join(world.directory, 'supervisord.log')}
pidfile=${join(world.directory, 'supervisord.pid')}
childlogdir=${world.directory}
[unix_http_server]
file=${socket}
[supervisorctl]
serverurl=unix://${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
${programSection(world)}`,
    );
    // Without a file of its own the engine prints its log, for supervisord to keep.
    writeFileSync(world.config.path, readFileSync(world.config.path, 'utf8').replace(', file: ./engine.log', ''));
    daemon = spawn(supervisord!, ['-c', conf], {
      stdio: 'ignore',
      env: {...process.env, NODE_ENV: 'production'},
    });
  });

  afterAll(async () => {
    await api?.close();
    if (daemon !== undefined) {
      const ended = new Promise(resolve => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await ended;
    }
    await world?.dispose();
  });

  const enginePid = () => until('the engine to answer', async () => (await api.status()).engine.pid);

  test('it is started, started again after kill -9, and stopped with exit code 0', async () => {
    const first = await enginePid();
    await until('supervisord to call it running', () => log().includes('entered RUNNING state'));
    process.kill(first, 'SIGKILL');
    const second = await until('another engine', async () => {
      const {pid} = (await api.status()).engine;
      return pid === first ? undefined : pid;
    });
    expect(log()).toMatch(/terminated by SIGKILL; not expected/);
    expect(second).not.toBe(first);
    await run(supervisorctl!, ['-c', conf, 'stop', 'cryptoassets']);
    await until('the end to be logged', () => /stopped: cryptoassets \((exit status 0|terminated)/.test(log()));
    expect(log()).toMatch(/stopped: cryptoassets \(exit status 0\)/);
  });

  const supervisorStatus = async () => {
    // Its exit code is 3 when something is not running.
    const {stdout} = await run(supervisorctl!, ['-c', conf, 'status']).catch((error: {stdout: string}) => error);
    return stdout;
  };

  test('an engine that lost its ledger to another ends with 2, and is started again', async () => {
    await run(supervisorctl!, ['-c', conf, 'start', 'cryptoassets']);
    const first = await enginePid();
    const sqlite = new Database(world.config.ledger);
    sqlite.pragma('busy_timeout = 5000');
    // As another engine takes a lease, which then is gone.
    sqlite.prepare('UPDATE lease SET epoch = epoch + 1, expires_at = 0').run();
    sqlite.close();
    await until('another engine', async () => {
      const {pid} = (await api.status()).engine;
      return pid !== first;
    });
    expect(log()).toMatch(/exited: cryptoassets \(exit status 2; not expected\)/);
  });

  test('its log is rotated by size, and nothing of it is lost', async () => {
    const files = () => readdirSync(world.directory).filter(name => name.startsWith('program.log'));
    const messages = () =>
      files()
        .flatMap(name => readFileSync(join(world.directory, name), 'utf8').trim().split('\n'))
        .filter(Boolean)
        .map(line => (JSON.parse(line) as {msg: string}).msg);
    // Started, after kill -9, by hand, and after the loss of its ledger.
    await until('every start', () => messages().filter(message => message === 'ready').length === 4);
    expect(files().length).toBeGreaterThan(1);
  });

  test('a config that is wrong ends it with 78, and nothing starts it again', async () => {
    const config = readFileSync(world.config.path, 'utf8');
    writeFileSync(world.config.path, config.replace('wallet: hot', 'walet: hot'));
    await run(supervisorctl!, ['-c', conf, 'restart', 'cryptoassets']);
    await until('it to be given up', async () => /EXITED/.test(await supervisorStatus()));
    expect(log().match(/exit status 78; expected/g)).toHaveLength(1);
  });

  const log = () => readFileSync(join(world.directory, 'supervisord.log'), 'utf8');
});
