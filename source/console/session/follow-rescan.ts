import {messageOf} from '../../primitives/errors.ts';
import type {ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import {rescanProblem} from '../update/dialogs.ts';
import type {Session} from './session.ts';

type Start = Pick<NonNullable<ScreenState['rescanEstimate']>, 'coin' | 'from'>;

const isSame = (one: Start | undefined, other: Start | undefined): boolean =>
  one !== undefined && one.coin === other?.coin && one.from === other.from;

const openStart = ({view}: ScreenState): Start | undefined =>
  view.name === 'rescan' && rescanProblem(view.from) === undefined ? {coin: view.coin, from: view.from} : undefined;

/** Asks what a rescan costs from where the open sheet says, whenever that changes. Returns how to stop. */
export const followRescan = (store: Store<ScreenState>, session: Session): (() => void) => {
  let asked: Start | undefined;
  let isAsking = false;
  const ask = async (start: Start): Promise<void> => {
    isAsking = true;
    const from = start.from === '' ? undefined : start.from;
    const answer = await session
      .withClient(async client => client.estimateRescan(start.coin, from))
      .then(
        estimate => ({estimate}),
        (error: unknown) => ({problem: messageOf(error)}),
      );
    isAsking = false;
    if (isSame(start, openStart(store.get())))
      store.update(state => ({...state, rescanEstimate: {...start, ...answer}}));
    // Something else may have been typed meanwhile.
    look();
  };
  const look = (): void => {
    const state = store.get();
    const start = openStart(state);
    // The next sheet that is opened asks anew: blocks came, and the node may be another.
    if (start === undefined && state.view.name !== 'rescan') asked = undefined;
    if (start === undefined || isAsking || isSame(start, asked) || state.link.state !== 'live') return;
    asked = start;
    void ask(start);
  };
  return store.subscribe(look);
};
