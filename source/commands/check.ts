import {reportFindings} from './shell/checklist.ts';
import type {Verb} from './verb.ts';

export const check: Verb = {
  name: 'check',
  summary: 'validate the config, reach every backend, sink and database, sum up the books; change nothing',
  parameters: ['[config]'],
  flags: [],
  examples: ['check', 'check config.yaml', 'check config.yaml --json'],
  async run(context) {
    const config = context.config();
    return reportFindings(context, await (await context.supplies()).check(config));
  },
};
