import {freePort} from '../support/free-port.ts';
import {until} from '../support/until.ts';

interface Reply {
  readonly id?: number;
  readonly result?: {readonly usedSize?: number};
}

/** Asks another Node process for its heap, by its inspector, which is closed until then. */
export class HeapOf {
  readonly #port: number;
  #socket: WebSocket | undefined;
  #lastId = 0;

  private constructor(port: number) {
    this.#port = port;
  }

  static async prepare(): Promise<HeapOf> {
    return new HeapOf(await freePort());
  }

  /** For the command line of the process. */
  get flag(): string {
    return `--inspect-port=127.0.0.1:${this.#port}`;
  }

  async open(pid: number): Promise<void> {
    process.kill(pid, 'SIGUSR1');
    const url = await until('the inspector', async () => {
      const targets = (await (await fetch(`http://127.0.0.1:${this.#port}/json`)).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      return targets[0]?.webSocketDebuggerUrl;
    });
    const socket = new WebSocket(url);
    await new Promise(resolve => socket.addEventListener('open', resolve, {once: true}));
    this.#socket = socket;
  }

  /** MB in use once all garbage is collected. */
  async live(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage');
    const {usedSize = Number.NaN} = (await this.#call('Runtime.getHeapUsage')).result ?? {};
    return usedSize / 1024 / 1024;
  }

  async #call(method: string): Promise<Reply> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise(resolve => {
      const onMessage = ({data}: MessageEvent) => {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        this.#socket!.removeEventListener('message', onMessage);
        resolve(reply);
      };
      this.#socket!.addEventListener('message', onMessage);
      this.#socket!.send(JSON.stringify({id, method}));
    });
  }

  close(): void {
    this.#socket?.close();
  }
}
