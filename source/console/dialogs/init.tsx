import {Box} from 'ink';
import {useMemo} from 'react';
import {BodyFrame} from '../components/body-frame.tsx';
import {Lines} from '../components/lines.tsx';
import {Table} from '../components/table.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ChecklistItem} from '../deps.ts';
import type {ScreenState} from '../state.ts';
import {span, wrap, type Line} from '../text/line.ts';

const invitation = (coins: readonly string[], width: number): Line[] => [
  ...wrap(`There is no ledger yet for ${coins.map(coin => coin.toUpperCase()).join(', ')}.`, width, 'strong'),
  [],
  ...wrap(
    'Creating one asks the node for its chain and wallet, pins both, and makes the tables in one transaction. A ledger that exists is never touched.',
    width,
  ),
  [],
  [span('i', 'key'), span(' create   '), span('q', 'key'), span(' leave; nothing has been changed')],
];

const RUNNING: Line[] = [[span('◌ looking at nodes and databases, creating tables …', 'accent')]];

const outcome = (rows: readonly ChecklistItem[], width: number): Line[] => {
  const failed = rows.filter(row => !row.ok).length;
  if (failed === 0) return [[span('✓ every ledger is there; starting the engine', 'ok')]];
  return [
    ...wrap(`✗ ${failed} of ${rows.length} failed. What is not marked ok was not created.`, width, 'bad'),
    [span('i', 'key'), span(' try again   '), span('q', 'key'), span(' leave')],
  ];
};

const introduction = ({view}: ScreenState, width: number): Line[] => {
  if (view.name !== 'init') return [];
  if (view.phase === 'invitation') return invitation(view.coins, width);
  return view.phase === 'running' ? RUNNING : outcome(view.rows, width);
};

/** Each failed row's words in full: the table cuts them, the fix must be readable. */
const fixes = (state: ScreenState, width: number): Line[] =>
  state.view.name === 'init'
    ? state.view.rows.flatMap(row => (row.ok ? [] : [[], ...wrap(`✗ ${row.subject}: ${row.words}`, width, 'bad', 6)]))
    : [];

export const Init = ({width, height}: {width: number; height: number}) => {
  const state = useScreen(state => state);
  const rows = state.view.name === 'init' ? state.view.rows : NO_ROWS;
  const inner = width - 4;
  const columns = useMemo(
    () => [
      {title: 'CHECK', width: 26},
      {title: '', width: 8},
      {title: 'FOUND', width: Math.max(10, inner - 26 - 8 - 6)},
    ],
    [inner],
  );
  const cells = useMemo(() => rows.map(row => [row.subject, row.ok ? '✓ ok' : '✗ failed', row.words]), [rows]);
  return (
    <BodyFrame title={[span('Create the ledgers', 'title')]} width={width} height={height}>
      <Box height={1} />
      <Lines lines={introduction(state, inner)} />
      <Box height={1} />
      {cells.length > 0 && <Table columns={columns} rows={cells} />}
      <Lines lines={fixes(state, inner)} />
    </BodyFrame>
  );
};

const NO_ROWS: readonly never[] = [];
