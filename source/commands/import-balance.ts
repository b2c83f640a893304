import {coinOf} from './shell/checks.ts';
import {formatFields} from './shell/table.ts';
import type {Verb} from './verb.ts';

export const importBalance: Verb = {
  name: 'import',
  summary: 'adopt coins that the wallet held before init, as the balance of an account',
  parameters: ['<coin>'],
  flags: ['account'],
  required: ['account'],
  examples: ['import btc --account house', 'import btc --account network_fee'],
  notes: [
    'Every confirmed coin of the wallet that the books do not know becomes a balance of the account, once; its address a',
    'receiving address of it. They are no deposits: the application is not told. Repeating it takes only what is new.',
  ].join('\n'),
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const {account = ''} = context.flags;
    return context.withApplication(async ({application}) => {
      const result = await application.importBalance(coin, account);
      context.output.result(result, () => [
        ...formatFields({
          imported: `${result.amount} in ${result.coins} coins, at height ${result.height}`,
          account: result.account,
          addresses: `${result.addresses} new`,
          skipped: result.skipped.length === 0 ? undefined : result.skipped.length,
        }),
        ...result.skipped.map(({txid, vout, amount, reason}) => `  ${txid}:${vout}  ${amount}  ${reason}`),
      ]);
      return 0;
    });
  },
};
