import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {until} from './until.ts';

/** Node has no unix datagram sockets. One JSON string a line for each datagram; ends with its stdin. */
const LISTENER = `
import json, os, socket, sys, threading
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print(json.dumps("LISTENING=1"), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True:
    print(json.dumps(listener.recv(65536).decode()), flush=True)
`;

/** The socket on which systemd would listen for a service's words, by a real datagram socket. */
export class NotifySocket {
  /** Datagrams as they came, each its lines. A barrier of systemd-notify's own is none. */
  readonly words: string[][] = [];
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'notify-'));
  readonly #child: ChildProcess;
  #isListening = false;

  private constructor(python: string) {
    this.path = join(this.#folder, 'notify.sock');
    this.#child = spawn(python, ['-c', LISTENER, this.path], {stdio: ['pipe', 'pipe', 'inherit']});
    createInterface({input: this.#child.stdout!}).on('line', line => {
      const lines = (JSON.parse(line) as string).split('\n').filter(Boolean);
      if (lines[0] === 'LISTENING=1') this.#isListening = true;
      else if (lines[0] !== 'BARRIER=1') this.words.push(lines);
    });
  }

  static async open(python: string): Promise<NotifySocket> {
    const socket = new NotifySocket(python);
    await until('the socket', () => socket.#isListening, {every: 5});
    return socket;
  }

  /** How many datagrams hold this line. */
  count(line: string): number {
    return this.words.filter(lines => lines.includes(line)).length;
  }

  async close(): Promise<void> {
    const ended = new Promise(resolve => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await ended;
    rmSync(this.#folder, {recursive: true, force: true});
  }
}
