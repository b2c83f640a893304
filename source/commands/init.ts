import {reportFindings} from './shell/checklist.ts';
import type {Verb} from './verb.ts';

export const init: Verb = {
  name: 'init',
  summary: 'create the tables of every configured coin; safe to repeat',
  parameters: ['[config]'],
  flags: [],
  examples: ['init', 'init config.yaml', 'init --config /etc/shop/config.yaml --json'],
  notes:
    'Pins the chain and the wallet of each node, so it needs the nodes; without them it creates nothing. A ledger that\nis there already is left as it is.',
  async run(context) {
    const config = context.config();
    const exitCode = reportFindings(context, await (await context.supplies()).initialise(config));
    if (exitCode === 0)
      context.output.hint(
        '',
        `  Next, the console:      cryptoassets-console ${context.configPath}`,
        `  or a first account:     cryptoassets-console account create ${[...config.coins.keys()][0]} shop`,
      );
    else context.output.hint('', '  Nothing that was there was changed. Correct this and say init again.');
    return exitCode;
  },
};
