import type {Application} from '../engine/application.ts';
import type {Payout} from '../contract/index.ts';
import {coinOf} from './shell/checks.ts';
import {formatFields, formatTime} from './shell/table.ts';
import type {Context, Verb} from './verb.ts';

/** One payout as lines; also what `send` prints. */
export const payoutFields = (payout: Payout): string[] =>
  formatFields({
    payout: payout.id,
    status: payout.status,
    why: payout.reason,
    clears: payout.clears && (payout.clears === 'itself' ? 'by itself' : 'by a person'),
    amount: payout.amount,
    to: payout.address,
    from: `account ${payout.account}`,
    label: payout.label,
    key: payout.idempotency_key,
    fee: payout.fee,
    quoted: payout.quote && `${payout.quote}  (paid by the account for the fee)`,
    'asked by': payout.requested_by,
    'approved by': payout.approved_by,
    transaction: payout.txid && `${payout.txid}:${payout.vout}`,
    confirmations: payout.confirmations,
    block: payout.block_height,
    created: `${formatTime(payout.created_at)} UTC`,
  });

const onOne = async (
  context: Context,
  act: (application: Application, coin: string, id: string) => Promise<Payout>,
): Promise<number> => {
  const [coin = '', id = ''] = context.values;
  coinOf(context.config(), coin);
  return context.withApplication(async ({application}) => {
    const payout = await act(application, coin, id);
    context.output.result(payout, () => payoutFields(payout));
    if (payout.status === 'held' && payout.clears === 'person')
      context.output.hint(
        '',
        payout.reason?.startsWith('approval:') === true
          ? `  Approve it, as somebody else than who asked:  cryptoassets-console payout approve ${coin} ${payout.id}`
          : `  Let it go out:  cryptoassets-console payout release ${coin} ${payout.id}`,
        `  Or take back:   cryptoassets-console payout cancel ${coin} ${payout.id}`,
      );
    return 0;
  });
};

export const payoutShow: Verb = {
  name: 'payout show',
  summary: 'one payout, and why it has not moved',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['payout show btc 12', 'payout show btc 12 --json'],
  run: context => onOne(context, (application, coin, id) => application.payout(coin, id)),
};

export const payoutCancel: Verb = {
  name: 'payout cancel',
  summary: 'take a payout back, as long as nothing is signed',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['payout cancel btc 12'],
  notes: 'The money returns to the account. Once signed bytes are stored it is refused: they might still confirm.',
  run: context => onOne(context, (application, coin, id) => application.cancelPayout(coin, id)),
};

export const payoutRelease: Verb = {
  name: 'payout release',
  summary: 'let a payout go out that waits for a person',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['payout release btc 12'],
  run: context => onOne(context, (application, coin, id) => application.releasePayout(coin, id)),
};

export const payoutApprove: Verb = {
  name: 'payout approve',
  summary: 'let a payout go out that waits for approval',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['payout approve btc 12'],
  notes: [
    'Payouts above payouts.approval.above need it. Who asked for the payout cannot approve it: everything on this',
    'machine is one, `local`, and each token of api.tokens is another.',
  ].join('\n'),
  run: context => onOne(context, (application, coin, id) => application.approvePayout(coin, id)),
};

export const payoutRepay: Verb = {
  name: 'payout repay',
  summary: 'pay a conflicted payout again, once the conflict is final',
  parameters: ['<coin>', '<id>'],
  flags: [],
  examples: ['payout repay btc 12'],
  notes: 'Refused until what its transaction lost to has max_confirmation_count confirmations: it might be paid twice.',
  run: context => onOne(context, (application, coin, id) => application.repayPayout(coin, id)),
};
