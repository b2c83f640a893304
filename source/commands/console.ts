import {resolve} from 'node:path';
import {lookOf} from './shell/look.ts';
import type {Verb} from './verb.ts';

/** The verb without a name: a screen, or with --headless the engine alone. */
export const consoleVerb: Verb = {
  name: '',
  summary: 'the console: hosts an engine, or attaches to the one that runs',
  parameters: ['[config]'],
  flags: ['headless', 'ascii', 'theme', 'screenReader'],
  examples: ['config.yaml', 'config.yaml --headless', '--config /etc/shop/config.yaml'],
  notes: [
    'With --headless the engine runs without a screen, as supervisord, systemd and docker want it: structured logs,',
    'SIGTERM stops it cleanly, exit code 2 asks for a fresh start, 78 for a person. Without a terminal, or with',
    'TERM=dumb, the console does the same. CRYPTOASSETS_THEME and CRYPTOASSETS_SCREEN_READER=1 do what the flags do;',
    'NO_COLOR leaves weight and inverse only.',
  ].join('\n'),
  async run(context) {
    const {flags, output, isTerminal} = context;
    const look = lookOf(flags, context.environment);
    const config = context.config();
    const supplies = await context.supplies();
    const hasScreen = isTerminal && !flags.headless && !output.json;
    if (hasScreen) return supplies.runConsole(resolve(context.configPath), look);
    if (!flags.headless) output.note('No terminal to draw on: running as with --headless.');
    const exitCode = await supplies.runEngine(config);
    if (output.json) output.result({exit_code: exitCode}, () => '');
    return exitCode;
  },
};
