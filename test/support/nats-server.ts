import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {jetstreamManager, type JetStreamManager, type StreamConfig} from '@nats-io/jetstream';
import {connect, type ConnectionOptions, type NatsConnection} from '@nats-io/transport-node';
import {until} from './until.ts';

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
};

/** A real nats-server with JetStream, in a folder of its own and on a port that it keeps over restarts. */
export class NatsServer {
  readonly port: number;
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nats-'));
  readonly #login: Pick<ConnectionOptions, 'user' | 'pass'>;
  #child: ChildProcess | undefined;
  #connections: NatsConnection[] = [];

  private constructor(program: string, port: number, login: Pick<ConnectionOptions, 'user' | 'pass'>) {
    this.#program = program;
    this.port = port;
    this.#login = login;
  }

  /** `program`: path of nats-server. With a login, nobody gets in without. */
  static async start(program: string, login: Pick<ConnectionOptions, 'user' | 'pass'> = {}): Promise<NatsServer> {
    const server = new NatsServer(program, await freePort(), login);
    await server.run();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    const {user, pass} = this.#login;
    const config = join(this.#folder, 'nats.conf');
    writeFileSync(
      config,
      `listen: "127.0.0.1:${this.port}"
jetstream {store_dir: ${JSON.stringify(this.#folder)}}
${user === undefined ? '' : `authorization {user: ${JSON.stringify(user)}, password: ${JSON.stringify(pass)}}`}
`,
    );
    this.#child = spawn(this.#program, ['-c', config], {stdio: 'ignore'});
    await until('nats-server to answer', async () => (await this.#connect()).rtt());
  }

  async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.#connect());
  }

  async addStream(config: Partial<StreamConfig> & {name: string}): Promise<void> {
    await (await this.manager()).streams.add(config);
  }

  /** Subjects and bodies of a stream, in order. */
  async messages(stream: string): Promise<{subject: string; body: string; id: string | undefined}[]> {
    const {streams} = await this.manager();
    const {state} = await streams.info(stream);
    const found: {subject: string; body: string; id: string | undefined}[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage(stream, {seq});
      if (message)
        found.push({subject: message.subject, body: message.string(), id: message.header.get('Nats-Msg-Id')});
    }
    return found;
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(this.#connections.splice(0).map(async connection => connection.close()));
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Stops the process without ending it, as a network that is cut. */
  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    const tasks = `/proc/${this.#child?.pid}/task`;
    const isStopped = (task: string) => /^State:\s+T/m.test(readFileSync(join(tasks, task, 'status'), 'utf8'));
    await until('all of its threads to stand still', () => readdirSync(tasks).every(isStopped), {every: 1});
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, {recursive: true, force: true});
  }

  async #connect(): Promise<NatsConnection> {
    const open = this.#connections.find(connection => !connection.isClosed());
    if (open) return open;
    const connection = await connect({
      servers: `127.0.0.1:${this.port}`,
      reconnect: false,
      timeout: 2000,
      ...this.#login,
    });
    this.#connections.push(connection);
    return connection;
  }
}
