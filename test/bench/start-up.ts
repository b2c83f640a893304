import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {programCommand} from '../support/program.ts';
import {systemProgram} from '../support/system-program.ts';
import {until} from '../support/until.ts';
import {World} from '../support/world.ts';
import {type Figure, median} from './report.ts';

const run = promisify(execFile);
const RUNS = 5;

const firstPaint = async (world: World, tmux: string): Promise<number> => {
  const session = `cac-bench-${process.pid}`;
  const command = [...programCommand(), world.config.path].map(part => `'${part}'`).join(' ');
  const environment = `env -u CI NODE_ENV=production `;
  const socket = ['-L', session];
  const begun = performance.now();
  await run(tmux, [...socket, 'new-session', '-d', '-s', session, '-x', '120', '-y', '40', environment + command]);
  try {
    await until(
      'the console to draw',
      async () => (await run(tmux, [...socket, 'capture-pane', '-p', '-t', session])).stdout.includes('BTC'),
      {every: 10},
    );
    return performance.now() - begun;
  } finally {
    await run(tmux, [...socket, 'kill-server']);
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
