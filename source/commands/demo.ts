import {resolve} from 'node:path';
import {lookOf} from './shell/look.ts';
import type {Verb} from './verb.ts';

export const demo: Verb = {
  name: 'demo',
  summary: 'an own regtest node, ledger and example traffic, in ./demo',
  parameters: [],
  flags: ['headless', 'ascii', 'theme', 'screenReader', 'directory'],
  examples: ['demo', 'demo --headless', 'demo --directory /tmp/try'],
  notes: [
    'Nothing to set up and no real money: a private regtest node is started ($BITCOIND, else the one in node_modules,',
    'else bitcoind on PATH) and stopped again at the end. Remove the directory to begin afresh.',
  ].join('\n'),
  async run({flags, output, isTerminal, supplies, environment}) {
    const headless = flags.headless === true || output.json || !isTerminal;
    return (await supplies()).runDemo({
      directory: resolve(flags.directory ?? 'demo'),
      json: output.json,
      console: lookOf(flags, environment),
      headless,
    });
  },
};
