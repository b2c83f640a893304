#!/usr/bin/env node
// No static import stands here: on a Node that is too old, better-sqlite3 crashes the process while it loads, and the
// user would read "Segmentation fault" instead of the line below.

const NEEDED_MAJOR = 22;
const NEEDED_MINOR = 12;
const EXIT_BAD_CONFIG = 78;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

const refuseOldNode = (): number => {
  const detail =
    `cryptoassets-console needs Node ${NEEDED_MAJOR}.${NEEDED_MINOR} or newer and this is Node ${process.versions.node}; ` +
    'get the current LTS from https://nodejs.org, or with nvm: nvm install --lts';
  const asJson = process.argv.includes('--json');
  process.stderr.write(`${asJson ? JSON.stringify({code: 'old_node', detail, exit_code: EXIT_BAD_CONFIG}) : detail}\n`);
  return EXIT_BAD_CONFIG;
};

/**
 * Compiled code of the last start, kept in the user's own cache folder and not in the shared temporary one, where others
 * could plant it: about a third of the time to the first frame. Where it cannot be written, nothing is kept.
 */
const rememberCompiledCode = async (): Promise<void> => {
  const [{enableCompileCache}, {homedir}, path] = await Promise.all([
    import('node:module'),
    import('node:os'),
    import('node:path'),
  ]);
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  enableCompileCache(path.join(cache, 'cryptoassets-console'));
};

const start = async (): Promise<number> => {
  // The engine runs for months beside other things. The console does the same for itself (compose.ts).
  if (process.argv.includes('--headless')) {
    (await import('./primitives/early-signals.ts')).endOnEarlySignals();
    (await import('./primitives/young-generation.ts')).keepYoungGenerationSmall();
  }
  await rememberCompiledCode();
  // Before React and Ink load: their development builds cost three times the CPU and leak.
  process.env['NODE_ENV'] = 'production';
  const [{run}, {createInput}] = await Promise.all([
    import('./commands/shell/run.ts'),
    import('./commands/shell/input.ts'),
  ]);
  return run(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    input: createInput(process.stdin, process.stderr, process.env),
    isTerminal: process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb',
    createSupplies: async () => (await import('./compose.ts')).createSupplies(),
  });
};

const isOld = major < NEEDED_MAJOR || (major === NEEDED_MAJOR && minor < NEEDED_MINOR);
const exitCode = isOld ? refuseOldNode() : await start();
// What is still on its way to a pipe is written out before the process ends.
await Promise.all([process.stdout, process.stderr].map(stream => new Promise(resolve => stream.write('', resolve))));
process.exit(exitCode);
