import {randomUUID} from 'node:crypto';
import type {Transfer} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {coinOf, pageOf} from './shell/checks.ts';
import {reportPage} from './shell/pages.ts';
import {type Column, formatFields, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

const columns: readonly Column<Transfer>[] = [
  {title: 'ID', align: 'right', cell: transfer => transfer.id},
  {title: 'TIME (UTC)', cell: transfer => formatTime(transfer.created_at)},
  {title: 'FROM', cell: transfer => transfer.from},
  {title: 'TO', cell: transfer => transfer.to},
  {title: 'AMOUNT', align: 'right', cell: transfer => transfer.amount},
  {title: 'LABEL', cell: transfer => transfer.label ?? ''},
];

export const move: Verb = {
  name: 'move',
  summary: 'move money from one account to another, inside the ledger',
  parameters: ['<coin>', '<amount>'],
  flags: ['from', 'to', 'key', 'label'],
  required: ['from', 'to'],
  flagWords: {from: {value: 'NAME', help: 'the account that it comes from'}},
  examples: ['move btc 0.5 --from alice --to bob --key order-1017'],
  notes: 'Give --key: the same command with the same key never moves twice. Without it one is made up and printed.',
  async run(context) {
    const {output, flags} = context;
    const [coin = '', amount = ''] = context.values;
    coinOf(context.config(), coin);
    const key = flags.key ?? randomUUID();
    const {to = '', label} = flags;
    const from = flags.from ?? '';
    return context.withApplication(async ({application}) => {
      // Before the request: a lost answer must not take the key with it.
      if (flags.key === undefined) output.hint(`Idempotency key made up: ${key}   (give --key to choose your own)`);
      try {
        const body = {from, to, amount, ...(label !== undefined && {label})};
        const {value, created} = await application.createTransfer(coin, key, body);
        output.result(value, () => [
          created ? 'moved:' : 'this key was used before for the same transfer; nothing was moved again:',
          ...formatFields({
            transfer: value.id,
            amount: value.amount,
            from: value.from,
            to: value.to,
            label: value.label,
            key: value.idempotency_key,
          }).map(line => `  ${line}`),
        ]);
        return 0;
      } catch (error) {
        if (
          !(error instanceof EngineError) ||
          (error.retry !== 'unknown-outcome' && error.code !== 'engine_unreachable')
        )
          throw error;
        throw new EngineError(
          error.code,
          `${error.message}; whether it was moved is not known. Repeat it safely: the same command with --key ${key}`,
          {retry: 'unknown-outcome', cause: error},
        );
      }
    });
  },
};

export const transfers: Verb = {
  name: 'transfers',
  summary: 'moves between accounts, newest first',
  parameters: ['<coin>'],
  flags: ['account', 'limit', 'cursor'],
  examples: ['transfers btc --account alice'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const {account} = context.flags;
    const query = {...pageOf(context.flags), ...(account !== undefined && {account})};
    return context.withApplication(async ({application}) =>
      reportPage(context.output, await application.transfers(coin, query), columns, 'no transfers yet'),
    );
  },
};
