import type {BroadcastDetail} from '../contract/index.ts';
import {parseTxid} from '../primitives/ids.ts';
import {coinOf, feeRateOf} from './shell/checks.ts';
import {formatFields, formatTable, formatTime} from './shell/table.ts';
import type {Verb} from './verb.ts';

export const broadcastShow: Verb = {
  name: 'broadcast show',
  summary: 'one of our transactions: payouts, inputs, fee, what the node answered',
  parameters: ['<coin>', '<txid>'],
  flags: [],
  examples: ['broadcast show btc 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b'],
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const txid = parseTxid(context.values[1] ?? '');
    return context.withApplication(async ({application}) => {
      const broadcast = await application.broadcast(coin, txid);
      context.output.result(broadcast, () => broadcastLines(broadcast));
      return 0;
    });
  },
};

const broadcastLines = (broadcast: BroadcastDetail): string[] => [
  ...formatFields({
    transaction: broadcast.txid,
    status: broadcast.status,
    kind: broadcast.kind === 'payouts' ? undefined : broadcast.kind,
    why: broadcast.reason,
    payouts: `${broadcast.payouts} (${broadcast.payout_ids.join(', ')})`,
    amount: broadcast.amount,
    fee: `${broadcast.fee} (${broadcast.feerate} sat/vB)`,
    change: broadcast.change,
    attempts: broadcast.attempts,
    answer: broadcast.last_answer,
    confirmations: broadcast.confirmations,
    block: broadcast.block_height && `${broadcast.block_height} ${broadcast.block_hash ?? ''}`,
    created: `${formatTime(broadcast.created_at)} UTC`,
    sent: broadcast.sent_at && `${formatTime(broadcast.sent_at)} UTC`,
  }),
  '',
  ...formatTable(broadcast.inputs, [
    {title: 'INPUT', cell: input => `${input.txid}:${input.vout}`},
    {title: 'AMOUNT', align: 'right', cell: input => input.amount},
  ]),
  ...(broadcast.raw === undefined ? [] : ['', 'RAW', ...(broadcast.raw.match(/.{1,100}/g) ?? [])]),
];

export const broadcastBump: Verb = {
  name: 'broadcast bump',
  summary: 'lift the feerate of one of our transactions that does not confirm',
  parameters: ['<coin>', '<txid>'],
  flags: ['rate'],
  examples: [
    'broadcast bump btc 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    'broadcast bump btc 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b --rate 25',
  ],
  notes: [
    'The same payouts by a transaction that replaces it, the fee from its change; or, where its change is spent already,',
    "a child that pays for the whole chain. At most one of them is ever paid. Without --rate the node's estimate.",
  ].join('\n'),
  async run(context) {
    const coin = coinOf(context.config(), context.values[0] ?? '');
    const txid = parseTxid(context.values[1] ?? '');
    const feeRate = feeRateOf(context.flags);
    return context.withApplication(async ({application}) => {
      const body = feeRate === undefined ? {} : {fee_rate: feeRate};
      const broadcast = await application.bumpBroadcast(coin, txid, body);
      context.output.result(broadcast, () => [
        `${broadcast.kind === 'child' ? 'a child pays for it' : 'replaced by'}:`,
        ...broadcastLines(broadcast),
      ]);
      return 0;
    });
  },
};
