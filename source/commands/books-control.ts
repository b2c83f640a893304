import {coinOf} from './shell/checks.ts';
import {formatFields, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

export const adjust: Verb = {
  name: 'adjust',
  summary: 'correct an account by hand, such as after a coin was spent by hand',
  parameters: ['<coin>', '<amount>'],
  flags: ['account', 'reason', 'key'],
  required: ['account', 'reason'],
  examples: [
    'adjust btc -0.5 --account network_fee --reason "sent by hand, txid 4a5e…"',
    'adjust btc 0.1 --account alice --reason "goodwill, ticket 1017" --key ticket-1017',
  ],
  notes: [
    'Adds to the account, or takes from it with a minus sign. The other side is the outside world, so that',
    'it also changes what the books say should be on the chain. Audited. With --key a repetition corrects once.',
  ].join('\n'),
  async run(context) {
    const [coin = '', amount = ''] = context.values;
    coinOf(context.config(), coin);
    const {account = '', reason = '', key} = context.flags;
    return context.withApplication(async ({application}) => {
      const {value, created} = await application.adjust(coin, {account, amount, reason}, key);
      context.output.result(value, () => [
        created ? 'adjusted:' : 'this key was used before for the same; nothing was adjusted again:',
        ...formatFields({
          adjustment: value.id,
          account: value.account,
          amount: value.amount,
          balance: value.balance,
          reason: value.reason,
        }).map(line => `  ${line}`),
      ]);
      return 0;
    });
  },
};

const switchVerb = (how: 'pause' | 'resume'): Verb => ({
  name: `payouts ${how}`,
  summary: how === 'pause' ? 'sign and send nothing, until resumed' : 'let payouts go on that were paused by hand',
  parameters: ['<coin>'],
  flags: how === 'pause' ? ['reason'] : [],
  examples: how === 'pause' ? ['payouts pause btc --reason "keys are moved"'] : ['payouts resume btc'],
  ...(how === 'pause' && {
    notes: 'Payouts are still accepted, and wait. What the network has already is not called back. Outlives a restart.',
  }),
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    return context.withApplication(async ({application}) => {
      const state =
        how === 'pause'
          ? await application.pausePayouts(coin, context.flags.reason)
          : await application.resumePayouts(coin);
      context.output.result(state, () =>
        state.paused === null
          ? `${coin} payouts go on`
          : `${coin} payouts are paused since ${state.since === null ? '' : formatTime(state.since)} UTC: ${state.paused}`,
      );
      return 0;
    });
  },
});
export const payoutsPause = switchVerb('pause');
export const payoutsResume = switchVerb('resume');
