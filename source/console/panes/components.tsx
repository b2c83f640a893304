import {memo, useState, type ComponentType} from 'react';
import {Lines} from '../components/lines.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {PaneId, ScreenState} from '../state.ts';
import {isSameLine, type Line} from '../text/line.ts';
import {drawBackends} from './backends.ts';
import {createDrawing, type DrawPane} from './drawing.ts';
import {drawEvents} from './events.ts';
import {drawIncoming} from './incoming.ts';
import {drawJobs} from './jobs.ts';
import {drawLog} from './log.ts';
import {drawPayouts} from './payouts.ts';

const DRAW: {readonly [Pane in PaneId]: DrawPane<Pane>} = {
  payouts: drawPayouts,
  incoming: drawIncoming,
  backends: drawBackends,
  events: drawEvents,
  log: drawLog,
  jobs: drawJobs,
};

/** A part of the screen that shows a pane's rows its own way. `pane` and `draw` stay what they are. */
export const PaneLines = <Pane extends PaneId>({
  pane,
  draw,
  width,
  height,
}: {
  pane: Pane;
  draw: DrawPane<Pane>;
  width: number;
  height: number;
}) => {
  const [drawing] = useState(() => createDrawing(pane, draw));
  return <Lines lines={useScreen(state => drawing(state, {width, height}))} />;
};

/** One list pane; drawn again only when what it shows changed. */
export const Pane: ComponentType<{pane: PaneId; width: number; height: number}> = memo(({pane, width, height}) => (
  <PaneLines key={pane} pane={pane} draw={DRAW[pane] as DrawPane<PaneId>} width={width} height={height} />
));
Pane.displayName = 'Pane';

const createLine = (draw: (state: ScreenState) => Line): ((state: ScreenState) => readonly Line[]) => {
  let of: ScreenState | undefined;
  let last: readonly [Line] = [[]];
  return state => {
    if (state === of) return last;
    of = state;
    const next = draw(state);
    if (!isSameLine(last[0], next)) last = [next];
    return last;
  };
};

/** A single line of the state: header, loops, books, hints. `draw` stays what it is. */
export const StateLine = ({draw}: {draw: (state: ScreenState) => Line}) => {
  const [drawn] = useState(() => createLine(draw));
  return <Lines lines={useScreen(drawn)} />;
};
