import {Box} from 'ink';
import {useMemo, type ReactNode} from 'react';
import {Lines} from './components/lines.tsx';
import {Detail} from './dialogs/detail.tsx';
import {Help} from './dialogs/help.tsx';
import {Init} from './dialogs/init.tsx';
import {Quit} from './dialogs/quit.tsx';
import {Rescan} from './dialogs/rescan.tsx';
import {Stopping} from './dialogs/stopping.tsx';
import {useScreen} from './hooks/use-screen.ts';
import {bodyHeight, chooseLayout, type Layout} from './layout.ts';
import {backendLine} from './panes/backends.ts';
import {Pane, StateLine} from './panes/components.tsx';
import {drawHints, drawMessage, drawTabs} from './panes/foot.ts';
import {drawHeader} from './panes/header.ts';
import {jobLine} from './panes/jobs.ts';
import {drawNotice} from './panes/notice.ts';
import {drawBooks, drawLoops, drawNeeds} from './panes/summary.ts';
import {backendRows} from './rows.ts';
import {isStale, shownStatus, type ScreenState, type View} from './state.ts';
import {fit, restyle, type Line} from './text/line.ts';

const Notice = () => <Lines lines={drawNotice(useScreen(state => state))} />;

const drawBackendLines = (state: ScreenState, count: number): Line[] => {
  const rows = backendRows(shownStatus(state));
  return Array.from({length: count}, (_, index) => {
    const row = rows[index];
    if (!row) return fit([], state.size.columns);
    const text = [...fit([], 1), ...backendLine(row, state.now, state.size.columns - 2)];
    return fit(isStale(state) ? restyle(text, 'dim') : text, state.size.columns);
  });
};

const drawJobLine = (state: ScreenState): Line =>
  fit(jobLine(shownStatus(state), state.size.columns), state.size.columns);

const Tabs = ({layout}: {layout: Extract<Layout, {kind: 'tabs'}>}) => {
  const state = useScreen(state => state);
  const {pane, width, height} = layout.area;
  return (
    <>
      <Lines lines={[...drawBackendLines(state, layout.backendLines), drawTabs(state)]} />
      <Pane pane={pane} width={width} height={height} />
      {layout.hasJobLine && <StateLine draw={drawJobLine} />}
    </>
  );
};

const Panes = ({layout}: {layout: Extract<Layout, {kind: 'wide'}>}) => (
  <>
    {layout.rows.map(areas => (
      <Box key={areas[0]!.pane}>
        {areas.map(area => (
          <Pane key={area.pane} {...area} />
        ))}
      </Box>
    ))}
  </>
);

const bodyOf = (
  view: View['name'],
  layout: Exclude<Layout, {kind: 'small'}>,
  width: number,
  height: number,
): ReactNode => {
  if (view === 'detail') return <Detail width={width} height={height} />;
  if (view === 'help') return <Help width={width} height={height} />;
  if (view === 'init') return <Init width={width} height={height} />;
  return layout.kind === 'wide' ? <Panes layout={layout} /> : <Tabs layout={layout} />;
};

/** The whole screen: head, body, foot, and a dialog over them. Exactly as large as the terminal. */
export const App = () => {
  const size = useScreen(state => state.size);
  const coins = useScreen(state => shownStatus(state)?.coins.length ?? 1);
  const focus = useScreen(state => state.focus);
  const view = useScreen(state => state.view.name);
  const layout = useMemo(() => chooseLayout(size, coins, focus), [size, coins, focus]);
  if (layout.kind === 'small') return <Notice />;
  return (
    <Box width={size.columns} height={size.rows} flexDirection="column">
      <StateLine draw={drawHeader} />
      <StateLine draw={drawLoops} />
      <StateLine draw={drawBooks} />
      <StateLine draw={drawNeeds} />
      {bodyOf(view, layout, size.columns, bodyHeight(size))}
      <StateLine draw={drawMessage} />
      <StateLine draw={drawHints} />
      {view === 'quit' && <Quit />}
      {view === 'rescan' && <Rescan />}
      {view === 'stopping' && <Stopping />}
    </Box>
  );
};
