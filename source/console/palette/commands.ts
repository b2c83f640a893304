import type {Act} from '../acts/act.ts';
import type {DetailKind, ScreenState} from '../state.ts';
import {openConfirm} from '../update/acts.ts';
import {openRescan, rescanProblem} from '../update/dialogs.ts';
import {openForm} from '../update/form.ts';
import {refusal} from '../update/refusal.ts';
import {stay, withTarget, withToast, type Step} from '../update/step.ts';
import type {Entry} from './entries.ts';

// Commands that take arguments. What changes the engine only opens its dialog: nothing is done by a line and one Enter.

type Run = (state: ScreenState, given: readonly string[], at: number) => Step;
type Command = Entry & {readonly run: Run};

const knowsCoin = ({status}: ScreenState, name: string | undefined) =>
  status?.coins.some(({coin}) => coin === name) === true;

const onCoin =
  (run: Run): Run =>
  (state, given, at) =>
    knowsCoin(state, given[0])
      ? run(state, given, at)
      : stay(
          withToast(
            state,
            `no coin ${given[0] ?? ''}; there is ${state.status?.coins.map(({coin}) => coin).join(', ') ?? ''}`,
            'bad',
            at,
          ),
        );

const changing =
  (run: Run): Run =>
  (state, given, at) =>
    refusal(state, at) ?? run(state, given, at);

const act = (make: (given: readonly string[]) => Act): Run =>
  changing((state, given, at) => openConfirm(state, make(given), at));

const show = (kind: DetailKind): Run =>
  onCoin((state, [coin = '', id = coin]) => stay(withTarget(state, {kind, coin, id})));

const command = (name: string, parameters: string, help: string, run: Run, key = ''): Command => ({
  name,
  parameters,
  needed: parameters.match(/</g)?.length ?? 0,
  help,
  key,
  run,
});

const rescan: Run = changing((state, [coin, from = ''], at) => {
  const step = openRescan(state, at);
  const {view} = step.state;
  if (view.name !== 'rescan') return step;
  const problem = rescanProblem(from);
  if (problem !== undefined) return stay(withToast(state, `from: ${problem}`, 'bad', at));
  return {...step, state: {...step.state, view: {...view, coin: coin ?? view.coin, from}}};
});

const bumpTo: Run = changing((state, [coin = '', txid = '', rate], at) => {
  if (rate !== undefined && !/^\d{1,6}(\.\d{1,3})?$/.test(rate))
    return stay(withToast(state, 'a rate in sat/vB such as 12.5', 'bad', at));
  return openConfirm(state, {kind: 'bump', coin, txid, ...(rate !== undefined && {rate: Number(rate)})}, at);
});

export const COMMANDS: readonly Command[] = [
  command(
    'rescan',
    '[coin] [height or date]',
    'scan blocks again for missed transactions',
    (state, given, at) => (given.length === 0 ? rescan : onCoin(rescan))(state, given, at),
    'r',
  ),
  command('payout show', '<coin> <id>', 'everything about one payout', show('payout')),
  command(
    'payout cancel',
    '<coin> <id>',
    'cancel a payout, while nothing is signed',
    onCoin(act(([coin = '', id = '']) => ({kind: 'cancel-payout', coin, id}))),
    'c',
  ),
  command(
    'payout release',
    '<coin> <id>',
    'release a held payout that waits for a person',
    onCoin(act(([coin = '', id = '']) => ({kind: 'release-payout', coin, id}))),
    'u',
  ),
  command(
    'payout approve',
    '<coin> <id>',
    'approve a payout that somebody else asked for',
    onCoin(act(([coin = '', id = '']) => ({kind: 'approve-payout', coin, id}))),
    'v',
  ),
  command(
    'payout repay',
    '<coin> <id>',
    'pay a conflicted payout once more',
    onCoin(act(([coin = '', id = '']) => ({kind: 'repay-payout', coin, id}))),
    'o',
  ),
  command('broadcast bump', '<coin> <txid> [sat/vB]', 'bump the fee of a transaction that waits', onCoin(bumpTo), 'b'),
  command(
    'payouts pause',
    '<coin>',
    'nothing is signed or sent until it is resumed',
    onCoin(act(([coin = '']) => ({kind: 'pause-payouts', coin}))),
    'P',
  ),
  command(
    'payouts resume',
    '<coin>',
    'sign and send payouts again',
    onCoin(act(([coin = '']) => ({kind: 'resume-payouts', coin}))),
    'P',
  ),
  command('deposit show', '<coin> <id>', 'everything about one deposit', show('deposit')),
  command('broadcast show', '<coin> <txid>', 'everything about one transaction of ours', show('broadcast')),
  command('backend show', '<coin>', 'everything about a node', show('backend')),
  command(
    'send',
    '[coin] [account] [address] [amount]',
    'a new payout, address checked for look-alikes',
    changing((state, given, at) => openForm(state, 'payout', at, given)),
    'w',
  ),
  command(
    'address new',
    '[coin] [account]',
    'a new address to be paid on',
    changing((state, given, at) => openForm(state, 'address', at, given)),
    'a',
  ),
  command(
    'sink pause',
    '<name>',
    'let the events of a sink wait',
    act(([sink = '']) => ({kind: 'pause-sink', sink})),
    'p',
  ),
  command(
    'sink resume',
    '<name>',
    'deliver to a sink again',
    act(([sink = '']) => ({kind: 'resume-sink', sink})),
    'p',
  ),
];
