import {Lines} from '../components/lines.tsx';
import {useScreen} from '../hooks/use-screen.ts';
import {behind, isStale, type ScreenState} from '../state.ts';
import {frame, innerWidth} from '../text/frame.ts';
import {restyle, span, type Line} from '../text/line.ts';
import {detailLines, detailTitle} from '../detail/detail-lines.ts';

const draw = (state: ScreenState, width: number, height: number): Line[] => {
  if (state.view.name !== 'detail') return [];
  const content = detailLines(state, innerWidth(width));
  const visible = Math.max(0, height - 2);
  const scroll = Math.min(state.view.scroll, Math.max(0, content.length - visible));
  const shown = content.slice(scroll, scroll + visible);
  return frame(isStale(state) ? shown.map(line => restyle(line, 'dim')) : shown, {
    title: [span(detailTitle(state.view.target), 'title')],
    footer:
      content.length > visible
        ? [span(`${scroll + 1}-${scroll + shown.length} of ${content.length}`, 'dim')]
        : undefined,
    width,
    height,
    isFocused: true,
  });
};

/** Everything about one payout, deposit, backend, event or job; bound to its id. */
export const Detail = ({width, height}: {width: number; height: number}) => {
  const state = useScreen(state => state);
  return <Lines lines={draw({...state, view: behind(state.view)}, width, height)} />;
};
