import {Box} from 'ink';
import {useMemo, type ReactNode} from 'react';
import {Lines} from './components/lines.tsx';
import {Confirm} from './dialogs/confirm.tsx';
import {Detail} from './dialogs/detail.tsx';
import {Form} from './dialogs/form.tsx';
import {Help} from './dialogs/help.tsx';
import {Init} from './dialogs/init.tsx';
import {Palette} from './dialogs/palette.tsx';
import {Quit} from './dialogs/quit.tsx';
import {Rescan} from './dialogs/rescan.tsx';
import {Stopping} from './dialogs/stopping.tsx';
import {useScreen} from './hooks/use-screen.ts';
import {bodyHeight, chooseLayout, hasBooksLine, type Layout} from './layout.ts';
import {backendLine} from './panes/backends.ts';
import {Pane, PaneLines, StateLine} from './panes/components.tsx';
import type {DrawPane} from './panes/drawing.ts';
import {drawHints, drawMessage, drawMessageOrNeeds, drawTabs} from './panes/foot.ts';
import {drawHeader} from './panes/header.ts';
import {jobLine} from './panes/jobs.ts';
import type {PaneFrame} from './panes/list-pane.ts';
import {logLines} from './panes/log.ts';
import {drawNotice} from './panes/notice.ts';
import {drawBooks, drawLoops, drawNeeds} from './panes/summary.ts';
import {behind, shownStatus, type ScreenState, type View} from './state.ts';
import {fit, restyle, type Line} from './text/line.ts';

const Notice = () => <Lines lines={drawNotice(useScreen(state => state))} />;

const dimWhenStale = ({staleFor, width}: PaneFrame, line: Line): Line => {
  const text = fit(line, width);
  return staleFor === undefined ? text : restyle(text, 'dim');
};

const drawBackendLine: DrawPane<'backends'> = (status, _, frame) => [dimWhenStale(frame, backendLine(status, frame))];

const drawLogLines: DrawPane<'log'> = (_, list, frame) =>
  logLines(list, frame, frame.height).map(line => dimWhenStale(frame, line));

const drawJobLine = (state: ScreenState): Line =>
  fit(jobLine(shownStatus(state), state.size.columns), state.size.columns);

const Tabs = ({layout}: {layout: Extract<Layout, {kind: 'tabs'}>}) => {
  const {pane, width, height} = layout.area;
  return (
    <>
      <PaneLines pane="backends" draw={drawBackendLine} width={width} height={1} />
      <StateLine draw={drawTabs} />
      <Pane pane={pane} width={width} height={height} />
      {layout.logLines > 0 && <PaneLines pane="log" draw={drawLogLines} width={width} height={layout.logLines} />}
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
  const isZoomed = useScreen(state => state.isZoomed);
  const view = useScreen(state => state.view.name);
  const body = useScreen(state => behind(state.view).name);
  const layout = useMemo(() => chooseLayout(size, coins, focus, isZoomed), [size, coins, focus, isZoomed]);
  if (layout.kind === 'small') return <Notice />;
  const isWide = hasBooksLine(size);
  return (
    <Box width={size.columns} height={size.rows} flexDirection="column">
      <StateLine draw={drawHeader} />
      <StateLine draw={drawLoops} />
      {isWide && <StateLine draw={drawBooks} />}
      {isWide && <StateLine draw={drawNeeds} />}
      {bodyOf(body, layout, size.columns, bodyHeight(size))}
      <StateLine key={isWide ? 'wide' : 'narrow'} draw={isWide ? drawMessage : drawMessageOrNeeds} />
      <StateLine draw={drawHints} />
      {view === 'quit' && <Quit />}
      {view === 'rescan' && <Rescan />}
      {view === 'confirm' && <Confirm />}
      {view === 'form' && <Form />}
      {view === 'palette' && <Palette />}
      {view === 'stopping' && <Stopping />}
    </Box>
  );
};
