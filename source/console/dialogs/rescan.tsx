import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState} from '../state.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {formatCount} from '../text/format.ts';
import {span, wrap, type Line} from '../text/line.ts';
import {rescanProblem} from '../update/dialogs.ts';

export const drawRescan = (state: ScreenState): Line[] => {
  const {view} = state;
  if (view.name !== 'rescan') return [];
  const width = Math.min(68, state.size.columns - 4);
  const inner = innerWidth(width);
  const coin = state.status?.coins.find(coin => coin.coin === view.coin);
  const problem = rescanProblem(view.from);
  const running = coin?.jobs.find(job => job.status === 'running');
  const body: Line[] = [
    [],
    [
      span('coin   ', 'dim'),
      span(coin?.unit ?? view.coin.toUpperCase(), 'strong'),
      span(`  ${coin?.network ?? ''}`, 'dim'),
    ],
    [
      span('from   ', 'dim'),
      span(view.from, 'strong'),
      span(' ', 'inverse'),
      span(view.from === '' ? '  the height at which the ledger starts' : '', 'dim'),
    ],
    [span('to     ', 'dim'), span(coin?.height == null ? 'the tip' : `the tip, ${formatCount(coin.height)}`)],
    [],
    ...(problem === undefined
      ? wrap(
          'Reads those blocks again and adds what is missing. Deposits and payouts go on meanwhile; running it twice changes nothing.',
          inner,
          'dim',
        )
      : wrap(`from: ${problem}`, inner, 'bad')),
    ...(running ? wrap(`A ${running.kind.replace('_', ' ')} is running already.`, inner, 'warn') : []),
    [],
  ];
  return frame(body, {title: [span('Rescan', 'title')], width, height: body.length + 2, isFocused: true});
};

export const Rescan = () => <Overlay lines={drawRescan(useScreen(state => state))} />;
