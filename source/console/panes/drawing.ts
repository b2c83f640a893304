import type {Status} from '../../contract/index.ts';
import type {List} from '../lists/list.ts';
import {paneList, totalOf} from '../lists/pane-list.ts';
import {sortOf} from '../lists/sorts.ts';
import type {RowOf} from '../lists/tail.ts';
import {isBrowsing, shownStatus, staleFor, type PaneId, type ScreenState} from '../state.ts';
import {isSameLine, type Line} from '../text/line.ts';
import type {PaneFrame} from './list-pane.ts';

/** How a pane is drawn: a pure function of its rows, the status and the frame. */
export type DrawPane<Pane extends PaneId> = (
  status: Status | undefined,
  list: List<RowOf[Pane]>,
  frame: PaneFrame,
) => Line[];

export interface Area {
  readonly width: number;
  readonly height: number;
}

/** Everything but the time. */
const ingredientsOf = <Pane extends PaneId>(pane: Pane, state: ScreenState, {width, height}: Area) => {
  const status = shownStatus(state);
  const {sort, filter} = state.arrangements[pane];
  return {
    status,
    list: paneList(pane, state),
    width,
    height,
    isFocused: state.focus === pane && isBrowsing(state),
    isFiltering: state.focus === pane && state.view.name === 'filter',
    staleFor: staleFor(state),
    selection: state.selections[pane],
    showsClock: state.showsClock,
    sort,
    filter,
    total: totalOf(pane, status),
    logLevel: state.logLevel,
  };
};

type Ingredients<Pane extends PaneId> = ReturnType<typeof ingredientsOf<Pane>>;

const isSame = <Pane extends PaneId>(one: Ingredients<Pane>, other: Ingredients<Pane>): boolean => {
  for (const name in one) if (!Object.is(one[name as keyof typeof one], other[name as keyof typeof one])) return false;
  return true;
};

const areSameLines = (one: readonly Line[], other: readonly Line[]): boolean =>
  one.length === other.length && one.every((line, index) => isSameLine(line, other[index]!));

interface Drawn<Pane extends PaneId> {
  readonly ingredients: Ingredients<Pane>;
  /** The time of which it is true; undefined: it shows no age and is true at any time. */
  readonly at: number | undefined;
  readonly lines: readonly Line[];
}

/**
 * A pane's lines for each state, drawn again only when something that they show may have changed: whether the clock is
 * among that is found while drawing. The same lines are the same object, so that React has nothing to do.
 */
export const createDrawing = <Pane extends PaneId>(
  pane: Pane,
  draw: DrawPane<Pane>,
): ((state: ScreenState, area: Area) => readonly Line[]) => {
  let last: Drawn<Pane> | undefined;
  return (state, area) => {
    const ingredients = ingredientsOf(pane, state, area);
    if (last && isSame(last.ingredients, ingredients) && (last.at === undefined || last.at === state.now))
      return last.lines;
    const {status, list, sort, ...rest} = ingredients;
    const {name, isDescending} = sortOf(pane, sort);
    let at: number | undefined;
    const lines = draw(status, list, {
      ...rest,
      sort: `${name} ${isDescending ? '↓' : '↑'}`,
      get now() {
        return (at = state.now);
      },
    });
    last = {ingredients, at, lines: last && areSameLines(last.lines, lines) ? last.lines : lines};
    return last.lines;
  };
};
