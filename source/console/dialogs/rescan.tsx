import type {CoinStatus, RescanEstimate, ScanMethod} from '../../contract/index.ts';
import {rescanCommand} from '../acts/act.ts';
import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState} from '../state.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {formatAge, formatBytes, formatCount, plural} from '../text/format.ts';
import {line, span, wrap, type Line} from '../text/line.ts';
import {rescanProblem} from '../update/dialogs.ts';
import {blocksFrom, paceOf, rescanStarts} from '../update/rescan-starts.ts';

const METHODS: Readonly<Record<ScanMethod, string>> = {
  blocks: 'reads those blocks again from the node, one after another, and adds what is missing',
  scanblocks: 'the node names the blocks by its filters (scanblocks); those are read, and what is missing is added',
  filters: 'fetches the block filters; blocks that may hold something are read, and what is missing is added',
  coins: 'reads the blocks of coins that are unspent now, and adds what is missing',
  histories: 'asks the source for the history of each script, and adds what is missing',
};

/** What the engine said of this very start. */
const answerFor = ({view, rescanEstimate}: ScreenState): ScreenState['rescanEstimate'] =>
  view.name === 'rescan' && rescanEstimate?.coin === view.coin && rescanEstimate.from === view.from
    ? rescanEstimate
    : undefined;

const planWords = ({plans, method, from_height: from, to_height: to}: RescanEstimate): string | undefined => {
  const plan = plans.find(item => item.method === method);
  if (!plan) return undefined;
  const read = `reads ${formatCount(plan.blocks)} of ${plural(to - from + 1, 'block')}`;
  const all = plans.find(item => item.method === 'blocks' && method !== 'blocks');
  const instead = all === undefined ? '' : `; all of them would take ${formatAge(all.seconds * 1000)}`;
  return `~${formatAge(Math.max(1, plan.seconds) * 1000)}, ${read}, ${formatBytes(plan.bytes)}${instead}`;
};

const estimateOf = (from: string, coin: CoinStatus | undefined, now: number): string => {
  const blocks = blocksFrom(from, coin, now);
  const pace = paceOf(coin);
  const about = /-/.test(from) ? 'about ' : '';
  const count = blocks === undefined ? 'every block of the ledger' : `${about}${plural(blocks, 'block')}`;
  if (!pace) return `${count}; no rescan has run yet to judge the pace by`;
  const rate = `${formatCount(pace.perSecond)} blocks/s, as job ${pace.job}`;
  return blocks === undefined
    ? `${count}, at ${rate}`
    : `${count}, ~${formatAge((blocks / pace.perSecond) * 1000)} at ${rate}`;
};

const LABEL = 10;
const row = (label: string, value: string, width: number): Line[] =>
  wrap(value, width - LABEL).map((rest, index) => line(span((index === 0 ? label : '').padEnd(LABEL), 'dim'), ...rest));

export const drawRescan = (state: ScreenState): Line[] => {
  const {view} = state;
  if (view.name !== 'rescan') return [];
  const width = Math.min(76, state.size.columns - 4);
  const inner = innerWidth(width);
  const coin = state.status?.coins.find(coin => coin.coin === view.coin);
  const problem = rescanProblem(view.from);
  const running = coin?.jobs.find(job => job.status === 'running');
  const chosen = rescanStarts(coin, state.now).find(({from}) => from === view.from);
  const answer = answerFor(state);
  const words = (answer?.estimate && planWords(answer.estimate)) ?? estimateOf(view.from, coin, state.now);
  const body: Line[] = [
    [],
    line(
      span('coin'.padEnd(LABEL), 'dim'),
      span(coin?.unit ?? view.coin.toUpperCase(), 'strong'),
      span(`  ${coin?.network ?? ''}`, 'dim'),
    ),
    line(
      span('from'.padEnd(LABEL), 'dim'),
      span(view.from, 'strong'),
      span(' ', 'inverse'),
      span(chosen ? `  ${chosen.words}` : '', 'dim'),
    ),
    ...row('to', coin?.height == null ? 'the tip' : `the tip, ${formatCount(coin.height)}`, inner),
    ...row('method', METHODS[answer?.estimate?.method ?? 'blocks'], inner),
    ...(problem === undefined ? row('estimate', answer?.problem ?? words, inner) : []),
    [],
    ...(problem === undefined
      ? wrap('Deposits and payouts go on meanwhile; running it twice changes nothing.', inner, 'dim')
      : wrap(`from: ${problem}`, inner, 'bad')),
    ...(running
      ? wrap(
          `A ${running.kind.replace('_', ' ')} is running already: x cancels it, then it can be resumed.`,
          inner,
          'warn',
        )
      : []),
    ...wrap(`$ ${rescanCommand(view.coin, view.from)}`, inner, 'dim'),
    [],
  ];
  return frame(body, {title: [span('Rescan', 'title')], width, height: body.length + 2, isFocused: true});
};

export const Rescan = () => <Overlay lines={drawRescan(useScreen(state => state))} />;
