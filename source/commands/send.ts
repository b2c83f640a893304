import {randomUUID} from 'node:crypto';
import {EngineError} from '../primitives/errors.ts';
import {coinOf} from './shell/checks.ts';
import {payoutFields} from './payout.ts';
import type {Verb} from './verb.ts';

export const send: Verb = {
  name: 'send',
  summary: 'queue a payout',
  parameters: ['<coin>', '<address>', '<amount>'],
  flags: ['account', 'key', 'label'],
  required: ['account'],
  examples: [
    'send btc bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk 0.5 --account alice --key order-1017',
    'send btc bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk 0.5 --account alice --label "refund 1017" --json',
  ],
  notes: [
    'Give --key: the same command with the same key never pays twice, whatever happened to the first try. Without it',
    'one is made up and printed before anything is sent.',
  ].join('\n'),
  async run(context) {
    const {output, flags} = context;
    const [coin = '', address = '', amount = ''] = context.values;
    coinOf(context.config(), coin);
    const key = flags.key ?? randomUUID();
    const repeat = `Repeat it safely: the same command with --key ${key}`;
    return context.withApplication(async ({application}) => {
      // Before the request: a lost answer must not take the key with it.
      if (flags.key === undefined) output.hint(`Idempotency key made up: ${key}   (give --key to choose your own)`);
      const {account = '', label} = flags;
      try {
        const body = {account, address, amount, ...(label !== undefined && {label})};
        const {value: payout, created} = await application.createPayout(coin, key, body);
        output.result(payout, () => [
          created ? 'queued:' : 'this key was used before for the same payout; nothing new was queued:',
          ...payoutFields(payout).map(line => `  ${line}`),
        ]);
        output.hint('', `  Follow it:  cryptoassets-console payout show ${coin} ${payout.id}`);
        return 0;
      } catch (error) {
        if (!isUnknownOutcome(error)) throw error;
        // The code stays, so that the exit code does; the words add what a person must know before trying again.
        throw new EngineError(error.code, `${error.message}; whether the payout was queued is not known. ${repeat}`, {
          retry: 'unknown-outcome',
          cause: error,
        });
      }
    });
  },
};

/** The engine may have taken the request before the connection was lost. */
const isUnknownOutcome = (error: unknown): error is EngineError =>
  error instanceof EngineError && (error.retry === 'unknown-outcome' || error.code === 'engine_unreachable');
