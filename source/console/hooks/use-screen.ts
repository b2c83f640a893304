import {createContext, use, useSyncExternalStore} from 'react';
import type {ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import type {Sheet} from '../terminal/sheet.ts';
import type {Theme} from '../theme.ts';

export interface Screen {
  readonly store: Store<ScreenState>;
  readonly theme: Theme;
  readonly sheet: Sheet;
}

export const ScreenContext = createContext<Screen | undefined>(undefined);

const useScreenContext = (): Screen => {
  const screen = use(ScreenContext);
  if (!screen) throw new Error('drawn outside of a screen');
  return screen;
};

/** A part of the state; the component is drawn again only when that part changed (by identity). */
export const useScreen = <Part>(select: (state: ScreenState) => Part): Part => {
  const {store} = useScreenContext();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
};

export const useTheme = (): Theme => useScreenContext().theme;

export const useSheet = (): Sheet => useScreenContext().sheet;
