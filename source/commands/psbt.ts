import {readFileSync} from 'node:fs';
import type {PsbtView} from '../contract/index.ts';
import {coinOf} from './shell/checks.ts';
import {formatFields, formatTable, formatTime} from './shell/table.ts';
import {UsageError} from './shell/usage-error.ts';
import type {Verb} from './verb.ts';

export const psbtList: Verb = {
  name: 'psbt list',
  summary: 'transactions that wait for somebody to sign them',
  parameters: ['<coin>'],
  flags: [],
  examples: ['psbt list btc'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    return context.withApplication(async ({application}) => {
      const page = await application.psbts(coin);
      context.output.result(page, () =>
        page.items.length === 0
          ? ['nothing waits for a signature']
          : formatTable(page.items, [
              {title: 'ID', cell: item => item.id},
              {title: 'PAYOUTS', cell: item => item.payout_ids.join(', ') || item.kind},
              {title: 'AMOUNT', align: 'right', cell: item => item.amount},
              {title: 'FEE', align: 'right', cell: item => item.fee},
              {title: 'SIGNED', cell: signedOf},
              {title: 'SINCE', cell: item => formatTime(item.created_at)},
              {title: 'FILE', cell: item => item.file},
            ]),
      );
      return 0;
    });
  },
};

const signedOf = ({signed_inputs: signed, inputs}: PsbtView): string => `${signed} of ${inputs} inputs`;

export const psbtShow: Verb = {
  name: 'psbt show',
  summary: 'one transaction that waits for a signature, as base64 for a signer',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['psbt show btc 12', 'psbt show btc 12 --json'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    return context.withApplication(async ({application}) => {
      const found = await application.psbt(coin, context.values[1] ?? '');
      context.output.result(found, () => [...describe(found), '', found.psbt]);
      return 0;
    });
  },
};

const describe = (found: PsbtView): string[] =>
  formatFields({
    id: found.id,
    kind: found.kind === 'payouts' ? undefined : found.kind,
    payouts: found.payout_ids.join(', ') || undefined,
    amount: found.amount,
    fee: `${found.fee} (${found.feerate} sat/vB)`,
    signed: found.complete ? `${signedOf(found)}: complete` : signedOf(found),
    missing:
      found.missing.map(({input, path}) => `input ${input + 1}${path === undefined ? '' : ` (${path})`}`).join(', ') ||
      undefined,
    notes: found.notes.join('; ') || undefined,
    since: `${formatTime(found.created_at)} UTC`,
    file: found.file,
  });

/** Files are binary, base64 or hex; the API takes text. */
const readSigned = (path: string): string => {
  try {
    // 0 is stdin, of a pipe.
    const bytes = readFileSync(path === '-' ? 0 : path);
    const text = bytes.toString('latin1').trim();
    return /^[\w+/=\s]*$/.test(text) ? text : bytes.toString('base64');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`${path} cannot be read (${code}); expected a file with the signed PSBT, or - for stdin`);
  }
};

export const psbtSubmit: Verb = {
  name: 'psbt submit',
  summary: 'bring a signed transaction back, in whole or in part',
  parameters: ['<coin>', '<id>', '<file>'],
  flags: [],
  examples: ['psbt submit btc 12 btc-12.signed.psbt', 'psbt submit btc 12 -'],
  notes: [
    'Binary, base64 or hex; a PSBT or the finished transaction. Each signature is checked, and what is complete is sent.',
    'What is partly signed is kept, and combined with what comes later.',
  ].join('\n'),
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const psbt = readSigned(context.values[2] ?? '');
    return context.withApplication(async ({application}) => {
      const found = await application.submitPsbt(coin, context.values[1] ?? '', {psbt});
      context.output.result(found, () => [
        found.complete ? 'signed: it is verified and sent next' : 'kept; signatures are still missing:',
        ...describe(found),
      ]);
      return 0;
    });
  },
};
