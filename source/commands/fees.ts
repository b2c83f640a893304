import {coinOf} from './shell/checks.ts';
import {formatFields} from './shell/table.ts';
import type {Verb} from './verb.ts';

const rate = (value: number | null): string | null => (value === null ? null : `${value} sat/vB`);

export const fees: Verb = {
  name: 'fees',
  summary: 'what the next transaction would pay the network, and why',
  parameters: ['<coin>'],
  flags: [],
  examples: ['fees btc', 'fees btc --json'],
  notes: "Asks the node. The numbers it is held against are the config's: coins.<coin>.payouts.fee.",
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    return context.withApplication(async ({application}) => {
      const found = await application.fees(coin);
      context.output.result(found, () =>
        formatFields({
          'would pay': rate(found.rate) ?? `nothing, payouts wait: ${found.reason ?? ''}`,
          estimate: `${rate(found.estimate) ?? 'none, the node has too little data'}  (for ${found.target_blocks} blocks)`,
          'node takes': found.floor === null ? null : `${found.floor} sat/vB and more`,
          'config says': `${found.min_rate} to ${found.max_rate} sat/vB, ${found.fallback_rate} without an estimate`,
        }),
      );
      return 0;
    });
  },
};
