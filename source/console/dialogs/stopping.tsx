import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState} from '../state.ts';
import {formatAge} from '../text/format.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {span, wrap, type Line} from '../text/line.ts';

export const drawStopping = (state: ScreenState): Line[] => {
  if (state.view.name !== 'stopping') return [];
  const width = Math.min(56, state.size.columns - 4);
  const body: Line[] = [
    [],
    [span(`◌ the engine is stopping  ${formatAge(state.now - state.view.since)}`, 'warn')],
    ...wrap('It finishes what it has begun. Nothing is lost if you do not wait.', innerWidth(width), 'dim'),
    [],
  ];
  return frame(body, {title: [span('Stopping', 'title')], width, height: body.length + 2, isFocused: true});
};

export const Stopping = () => <Overlay lines={drawStopping(useScreen(state => state))} />;
