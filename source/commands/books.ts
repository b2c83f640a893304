import {coinOf} from './shell/checks.ts';
import {formatFields, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

export const books: Verb = {
  name: 'books',
  summary: 'whether the ledger and the coins on the chain agree',
  parameters: ['<coin>'],
  flags: [],
  examples: ['books btc', 'books btc --json'],
  notes: 'ledger + uncredited + drift = chain, at one height. Exit code 1 when there is drift.',
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    return context.withApplication(async ({application}) => {
      const found = await application.books(coin);
      const isBalanced = !/[1-9]/.test(found.drift);
      context.output.result(found, () =>
        formatFields({
          books: isBalanced ? 'balanced' : 'DRIFT: payouts stop until it is explained',
          ledger: `${found.ledger.padStart(17)}  sum of all accounts but external`,
          uncredited: `${found.uncredited.padStart(17)}  deposits in blocks, not yet credited`,
          chain: `${found.chain.padStart(17)}  our unspent outputs in blocks, ${found.outpoints} of them`,
          drift: `${found.drift.padStart(17)}  chain - ledger - uncredited`,
          untracked: found.untracked === null ? null : `${found.untracked.padStart(17)}  in the wallet, but not ours`,
          checked: `at height ${found.height}, ${formatTime(found.checked_at)} UTC`,
        }),
      );
      return isBalanced ? 0 : 1;
    });
  },
};
