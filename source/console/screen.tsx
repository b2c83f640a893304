import {render} from 'ink';
import {App} from './app.tsx';
import {ScreenContext} from './hooks/use-screen.ts';
import type {ScreenState} from './state.ts';
import type {Store} from './store.ts';
import type {ScreenOutput} from './terminal/screen-output.ts';
import type {Theme} from './theme.ts';

export interface DrawnScreen {
  /** Rejects with what a pane threw. */
  readonly ended: Promise<unknown>;
  /** Resolves when the state of now is on the terminal. */
  flush(): Promise<void>;
  /** Gives the terminal back as it was. */
  close(): Promise<void>;
}

/** Draws the store's state on the alternate screen until closed. Input is read elsewhere. */
export const drawScreen = (store: Store<ScreenState>, theme: Theme, output: ScreenOutput): DrawnScreen => {
  const screen = {store, theme, sheet: output.sheet};
  const instance = render(
    <ScreenContext value={screen}>
      <App />
    </ScreenContext>,
    {
      stdout: output.stream,
      exitOnCtrlC: false,
      patchConsole: false,
      alternateScreen: true,
      // Whole frames, as they are; `output` finds what changed.
      debug: true,
      // Decided by the caller, which has looked for a terminal; `CI` in the environment decides nothing.
      interactive: true,
    },
  );
  const stopResizing = output.onResize(size => {
    store.update(state => ({...state, size}));
  });
  return {
    ended: instance.waitUntilExit(),
    flush: async () => instance.waitUntilRenderFlush(),
    async close() {
      stopResizing();
      instance.unmount();
      await instance.waitUntilExit().catch(() => undefined);
    },
  };
};
