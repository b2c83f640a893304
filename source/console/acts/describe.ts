import type {Payout} from '../../contract/index.ts';
import type {ScreenState} from '../state.ts';
import type {Act} from './act.ts';

export interface Description {
  /** Over the dialog, and after the act on the message line. */
  readonly title: string;
  /** What will happen. */
  readonly words: string;
  /** What the button says. */
  readonly verb: string;
  /** What it is about, in full: an id or address is compared by eye. */
  readonly facts: readonly (readonly [label: string, value: string])[];
}

export const unitOf = (state: ScreenState, coin: string): string =>
  state.status?.coins.find(item => item.coin === coin)?.unit ?? coin.toUpperCase();

export const networkOf = (state: ScreenState, coin: string): string =>
  state.status?.coins.find(item => item.coin === coin)?.network ?? '';

/** The payout as the engine last said it: fetched for the open detail, or among the pending ones. */
export const knownPayout = ({status, fetched}: ScreenState, coin: string, id: string): Payout | undefined =>
  fetched?.target.coin === coin && fetched.payout?.id === id
    ? fetched.payout
    : status?.coins.find(item => item.coin === coin)?.pending.find(item => item.id === id);

const payoutFacts = (state: ScreenState, coin: string, id: string): Description['facts'] => {
  const payout = knownPayout(state, coin, id);
  if (!payout) return [['payout', `${id} of ${coin}`]];
  return [
    ['payout', payout.id],
    ['amount', `${payout.amount} ${unitOf(state, coin)}`],
    ['to', payout.address],
    ['account', payout.account],
    ['state', payout.status],
    ...(payout.reason === undefined ? [] : [['reason', payout.reason] as const]),
  ];
};

const bumpFacts = ({fetched}: ScreenState, txid: string): Description['facts'] => {
  const broadcast = fetched?.broadcast?.txid === txid ? fetched.broadcast : undefined;
  return broadcast ? [['now', `${broadcast.feerate} sat/vB, fee ${broadcast.fee}`]] : [];
};

const pauseFacts = ({status}: ScreenState, coin: string): Description['facts'] => {
  const words = status?.coins.find(item => item.coin === coin)?.payouts_paused;
  return words ? [['now', words]] : [];
};

/** What an act does, for its dialog. Pure. */
export const describe = (state: ScreenState, act: Act): Description => {
  switch (act.kind) {
    case 'cancel-payout':
      return {
        title: `Cancel payout ${act.id}`,
        words: 'It will not be paid, and its account has the money back. Refused once it is signed.',
        verb: 'Cancel the payout',
        facts: payoutFacts(state, act.coin, act.id),
      };
    case 'release-payout':
      return {
        title: `Release payout ${act.id}`,
        words: 'It goes out with the next transaction, limits are not asked again.',
        verb: 'Release it',
        facts: payoutFacts(state, act.coin, act.id),
      };
    case 'approve-payout':
      return {
        title: `Approve payout ${act.id}`,
        words: 'It goes out with the next transaction. Refused to whoever asked for it.',
        verb: 'Approve it',
        facts: payoutFacts(state, act.coin, act.id),
      };
    case 'repay-payout':
      return {
        title: `Pay payout ${act.id} once more`,
        words:
          'Another transaction took its coins for good. It is queued again and paid by a new one; refused while the conflict is not final.',
        verb: 'Pay it again',
        facts: payoutFacts(state, act.coin, act.id),
      };
    case 'bump':
      return {
        title: 'Bump the fee of a transaction',
        words:
          'The same payouts by a transaction that replaces it, or a child that pays for it. At most one of them is ever paid.',
        verb: 'Bump it',
        facts: [
          ['txid', act.txid],
          ['rate', act.rate === undefined ? "the node's estimate, at least one more than now" : `${act.rate} sat/vB`],
          ...bumpFacts(state, act.txid),
        ],
      };
    case 'pause-payouts':
      return {
        title: `Pause all ${unitOf(state, act.coin)} payouts`,
        words:
          'Nothing is signed or sent until a person resumes them, also after a restart. Payouts are still accepted.',
        verb: 'Pause them',
        facts: [['coin', act.coin]],
      };
    case 'resume-payouts':
      return {
        title: `Resume ${unitOf(state, act.coin)} payouts`,
        words: 'What is queued is signed and sent at once.',
        verb: 'Resume them',
        facts: [['coin', act.coin], ...pauseFacts(state, act.coin)],
      };
    case 'pause-sink':
      return {
        title: `Pause sink ${act.sink}`,
        words: 'Its events wait, in order, until it is resumed. Nothing is lost.',
        verb: 'Pause it',
        facts: [['sink', act.sink]],
      };
    case 'resume-sink':
      return {
        title: `Resume sink ${act.sink}`,
        words: 'Waiting events are delivered from the oldest on.',
        verb: 'Resume it',
        facts: [['sink', act.sink]],
      };
    case 'retry-delivery':
      return {
        title: `Send event ${act.sequence} again to ${act.sink}`,
        words: 'With the same id and sequence as before.',
        verb: 'Send it again',
        facts: [
          ['event', String(act.sequence)],
          ['sink', act.sink],
          ['coin', act.coin],
        ],
      };
    case 'new-address':
      return {
        title: `New ${unitOf(state, act.coin)} address`,
        words: 'The node makes it. What is paid to it is credited to this account.',
        verb: 'Make it',
        facts: [['account', act.account], ...(act.label === '' ? [] : [['label', act.label] as const])],
      };
    case 'new-payout':
      return {
        title: `Pay ${act.amount} ${unitOf(state, act.coin)}`,
        words: 'The account is debited now. Compare the whole address.',
        verb: 'Pay',
        facts: [
          ['amount', `${act.amount} ${unitOf(state, act.coin)}`],
          ['to', act.address],
          ['account', act.account],
          ...(act.label === '' ? [] : [['label', act.label] as const]),
        ],
      };
    default:
      return act satisfies never;
  }
};
