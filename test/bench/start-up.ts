import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {TmuxScreen} from '../support/tmux-screen.ts';
import {World} from '../support/world.ts';
import {type Figure, median} from './report.ts';

const RUNS = 5;

const firstPaint = async (world: World, tmux: string): Promise<number> => {
  const begun = performance.now();
  const screen = await TmuxScreen.start(tmux, [...programCommand(), world.config.path]);
  try {
    await screen.shows(/BTC/, {every: 10});
    return performance.now() - begun;
  } finally {
    await screen.close();
  }
};

/** The engine ready on an initialised ledger, and the console's first frame with it. */
export const startUp = async (): Promise<Figure[]> => {
  const world = await World.start();
  try {
    const ready: number[] = [];
    for (let start = 0; start < RUNS; start += 1) {
      await world.engine.stop();
      await world.engine.start();
      ready.push(world.engine.readyAfter);
    }
    const figures: Figure[] = [
      {
        name: '--headless ready',
        value: median(ready),
        unit: 'ms',
        limit: {of: 'value', at: 1000, better: 'below'},
      },
    ];
    const tmux = systemProgram('tmux', 'tmux');
    if (tmux === undefined) return figures;
    const paints: number[] = [];
    for (let start = 0; start < RUNS; start += 1) paints.push(await firstPaint(world, tmux));
    figures.push({
      name: "console's first paint",
      value: median(paints),
      unit: 'ms',
      limit: {of: 'value', at: 1500, better: 'below'},
    });
    return figures;
  } finally {
    await world.dispose();
  }
};
