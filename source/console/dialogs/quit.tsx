import {Overlay} from '../components/overlay.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import type {ScreenState} from '../state.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {restyle, fit, span, wrap, type Line} from '../text/line.ts';

const choices = (state: ScreenState): readonly string[] => [
  'Leave it running and close this screen',
  state.attachment === 'attached'
    ? 'Stop it (whatever started it may start it again)'
    : 'Stop it: finish what is begun, then end',
  'Stay here',
];

export const drawQuit = (state: ScreenState): Line[] => {
  const width = Math.min(64, state.size.columns - 4);
  const inner = innerWidth(width);
  const {view} = state;
  const chosen = view.name === 'quit' ? view.choice : 0;
  const pid = state.status ? ` (pid ${state.status.engine.pid})` : '';
  const whose =
    state.attachment === 'hosting' ? 'This console started the engine' : 'The engine was running before this console';
  const body: Line[] = [
    [],
    ...wrap(`${whose}${pid}.`, inner),
    [span('What becomes of it?')],
    [],
    ...choices(state).map((text, index) => {
      const row = fit([span(index === chosen ? '▶ ' : '  '), span(text)], inner);
      return index === chosen ? restyle(row, 'inverse') : row;
    }),
    [],
  ];
  return frame(body, {title: [span('Quit', 'title')], width, height: body.length + 2, isFocused: true});
};

export const Quit = () => <Overlay lines={drawQuit(useScreen(state => state))} />;
