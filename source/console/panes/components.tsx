import {memo, type ComponentType} from 'react';
import type {Status} from '../../contract/index.ts';
import {Lines} from '../components/lines.tsx';
import {usePane} from '../hooks/use-pane.ts';
import {useScreen} from '../hooks/use-screen.ts';
import type {List} from '../lists/list.ts';
import type {RowOf} from '../lists/tail.ts';
import type {PaneId, ScreenState} from '../state.ts';
import type {Line} from '../text/line.ts';
import {drawBackends} from './backends.ts';
import {drawEvents} from './events.ts';
import {drawIncoming} from './incoming.ts';
import {drawJobs} from './jobs.ts';
import type {PaneFrame} from './list-pane.ts';
import {drawLog} from './log.ts';
import {drawPayouts} from './payouts.ts';

type Draw<Pane extends PaneId> = (status: Status | undefined, list: List<RowOf[Pane]>, frame: PaneFrame) => Line[];

const DRAW: {readonly [Pane in PaneId]: Draw<Pane>} = {
  payouts: drawPayouts,
  incoming: drawIncoming,
  backends: drawBackends,
  events: drawEvents,
  log: drawLog,
  jobs: drawJobs,
};

/** One list pane; drawn again only when its own part of the state changed. */
export const Pane: ComponentType<{pane: PaneId; width: number; height: number}> = memo(({pane, width, height}) => {
  const {status, list, frame} = usePane(pane, width, height);
  return <Lines lines={(DRAW[pane] as Draw<PaneId>)(status, list, frame)} />;
});
Pane.displayName = 'Pane';

/** A single line of the state: header, loops, books, hints. */
export const StateLine = ({draw}: {draw: (state: ScreenState) => Line}) => {
  const state = useScreen(state => state);
  return <Lines lines={[draw(state)]} />;
};
