import {shownStatus} from '../state.ts';
import type {Line} from '../text/line.ts';
import {maskLine} from '../text/mask.ts';
import {useScreen} from './use-screen.ts';

const asItIs = (line: Line): Line => line;

/** What hides the amounts of a line while the operator wants them hidden. */
export const useMask = (): ((line: Line) => Line) => {
  const isMasked = useScreen(state => state.masksAmounts);
  const units = useScreen(state =>
    isMasked ? (shownStatus(state)?.coins ?? []).map(coin => coin.unit.replace(/\W/g, '')).join('|') : '',
  );
  return isMasked ? line => maskLine(line, units) : asItIs;
};
