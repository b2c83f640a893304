import {cleanText} from '../primitives/clean-text.ts';
import {EngineError} from '../primitives/errors.ts';
import {EXIT} from './shell/exit-codes.ts';
import type {Verb} from './verb.ts';

export const health: Verb = {
  name: 'health',
  summary: 'whether the engine runs and all is well in it, for health checks',
  parameters: ['[config]'],
  flags: [],
  examples: ['health', 'health config.yaml --json'],
  notes:
    'Exit code 0: ok, or degraded (a node is away; the engine waits for it). 2: a loop is dead or stalled, or a database\nat fault. 69: no engine runs.',
  async run(context) {
    const config = context.config();
    return context.withApplication(async ({application, via}) => {
      if (via === 'ledger') throw new EngineError('engine_unreachable', `no engine answers at ${config.api.socket}`);
      const found = await application.health();
      context.output.result(found, () => [found.status, ...found.reasons.map(reason => `  ${cleanText(reason)}`)]);
      return found.status === 'failing' ? EXIT.fault : EXIT.ok;
    });
  },
};
