import {spawn, type ChildProcess} from 'node:child_process';

/** A running program that is not the product: an application beside it. Never outlives the test that disposes of it. */
export class OtherProgram {
  output = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(command: string, args: readonly string[], {cwd, env}: {cwd: string; env: Record<string, string>}) {
    // A group of its own: what it starts ends with it.
    this.child = spawn(command, args, {
      cwd,
      env: {...process.env, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', code => resolve(code));
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.child.pid!, signal);
    return this.ended;
  }
}
