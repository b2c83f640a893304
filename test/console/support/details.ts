import type {BroadcastDetail, EventDetail} from '../../../source/contract/index.ts';
import type {Fetched} from '../../../source/console/state.ts';
import {before, event, payout} from './statuses.ts';

const txid = 'c0ffee'.padEnd(64, '1');

export const broadcast = (over: Partial<BroadcastDetail> = {}): BroadcastDetail => ({
  id: '31',
  txid,
  status: 'sent',
  kind: 'payouts',
  payouts: 2,
  amount: '0.70000000',
  fee: '0.00000840',
  feerate: 3.2,
  change: '1.29999160',
  attempts: 3,
  last_answer: 'accepted',
  confirmations: 0,
  created_at: before(70),
  signed_at: before(69),
  sent_at: before(60),
  raw: '0200000001'.padEnd(440, 'ab'),
  virtual_size: 262,
  answers: [
    {attempt: 1, times: 2, first_at: before(68), last_at: before(64), answer: 'no answer in 15 s'},
    {attempt: 3, times: 1, first_at: before(60), last_at: before(60), answer: 'accepted'},
  ],
  network: 'mempool',
  seen_at: before(59),
  family: [
    {id: '31', txid, status: 'sent'},
    {id: '29', txid: 'abad1dea'.padEnd(64, '0'), status: 'sent'},
  ],
  inputs: [{txid: 'feed'.padEnd(64, '2'), vout: 1, amount: '2.00000000'}],
  payout_ids: ['88121', '88122'],
  ...over,
});

const told = (over: Partial<EventDetail['deliveries'][number]> = {}): EventDetail['deliveries'][number] => ({
  sink: 'shop',
  state: 'delivered',
  attempts: 0,
  last_error: null,
  next_attempt_at: null,
  ...over,
});

export const history: readonly EventDetail[] = [
  {event: event(400, {type: 'payout.queued', data: payout(88_121), created_at: before(72)}), deliveries: [told()]},
  {
    event: event(412, {type: 'payout.sent', data: payout(88_121), created_at: before(60)}),
    deliveries: [
      told({state: 'retrying', attempts: 4, last_error: '503 Service Unavailable', delivery_id: '9'}),
      told({sink: 'books', state: 'not_wanted'}),
    ],
  },
];

export const fetchedPayout: Fetched = {
  target: {kind: 'payout', coin: 'btc', id: '88121'},
  payout: payout(88_121, {label: 'rent für März', txid}),
  history,
  broadcast: broadcast(),
};
