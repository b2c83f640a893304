import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import {run} from '../../source/commands/shell/run.ts';
import type {Input} from '../../source/commands/shell/input.ts';
import type {OutputStream} from '../../source/commands/shell/output.ts';
import type {OpenApplication, Supplies} from '../../source/commands/supplies.ts';
import type {Application} from '../../source/engine/application.ts';

const folder = mkdtempSync(join(tmpdir(), 'commands-test-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

export const CONFIG = join(folder, 'config.yaml');
export const PASSWORD = 'correct-horse-battery';
writeFileSync(
  CONFIG,
  `coins:
  btc:
    network: regtest
    backend: {type: bitcoind, url: "http://127.0.0.1:18443", auth: {user: shop, password: ${PASSWORD}}, wallet: hot}
`,
);

export interface Parts {
  readonly application?: Partial<Application>;
  readonly supplies?: Partial<Supplies>;
  readonly via?: OpenApplication['via'];
  readonly isTerminal?: boolean;
  readonly input?: Input;
  readonly environment?: Record<string, string>;
}

class Recorder implements OutputStream {
  text = '';
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  on(): void {
    // Nothing goes wrong here.
  }
}

/** What a test did not supply throws when it is asked for. */
const only = <Whole extends object>(what: string, parts: Partial<Whole>): Whole =>
  new Proxy(parts, {
    get: (target, name) => {
      // A promise looks for `then` in whatever it resolves with.
      if (name === 'then' || Object.hasOwn(target, name)) return Reflect.get(target, name) as unknown;
      throw new Error(`the verb asked for ${what}.${String(name)}, which this test does not supply`);
    },
  }) as Whole;

/** Runs one command line on stubs: what is shown and what is asked for, not what the engine does. */
export const runVerb = async (argv: readonly string[], parts: Parts = {}) => {
  const stdout = new Recorder();
  const stderr = new Recorder();
  let closed = 0;
  const application = only<Application>('application', parts.application ?? {});
  const opened = {application, via: parts.via ?? 'engine', close: async () => void (closed += 1)} as const;
  const supplies = only<Supplies>('supplies', {openApplication: async () => opened, ...parts.supplies});
  const code = await run(argv, {
    stdout,
    stderr,
    environment: {CRYPTOASSETS_CONFIG: CONFIG, ...parts.environment},
    isTerminal: parts.isTerminal ?? false,
    ...(parts.input && {input: parts.input}),
    createSupplies: async () => supplies,
  });
  return {code, stdout: stdout.text, stderr: stderr.text, closed};
};
