import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
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
    const command = [...programCommand(), world.config.path, '--headless'].join(' ');
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
[program:cryptoassets]
command=${command}
autostart=true
autorestart=unexpected
exitcodes=0,64,78
startsecs=1
redirect_stderr=true
stdout_logfile=${join(world.directory, 'program.log')}
stopwaitsecs=10
`,
    );
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

  test('an engine that lost its lease ends with 2, and is started again', async () => {
    const first = await enginePid();
    await until('supervisord to call it running', () => log().includes('entered RUNNING state'));
    const ledger = new Database(world.config.ledger);
    ledger.prepare('UPDATE lease SET epoch = epoch + 1').run();
    ledger.close();
    await until('another engine', async () => (await api.status()).engine.pid !== first);
    expect(log()).toMatch(/exited: cryptoassets \(exit status 2; not expected\)/);
  });

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

  const log = () => readFileSync(join(world.directory, 'supervisord.log'), 'utf8');
});
