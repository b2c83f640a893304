import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '../primitives/errors.ts';

interface Marker {
  readonly pid: number;
  /** Start time of that process: tells a reused pid from the demo. */
  readonly processStart: string;
}

const MARKER = 'demo.json';

const processStart = (pid: number): string | undefined => {
  try {
    if (process.platform === 'linux') {
      // proc(5): after the command in parentheses the 20th field is the start time in clock ticks since boot.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {encoding: 'utf8'}).trim();
  } catch {
    // No such process.
    return undefined;
  }
};

const readMarker = (directory: string): Marker | undefined => {
  try {
    return JSON.parse(readFileSync(join(directory, MARKER), 'utf8')) as Marker;
  } catch {
    // Not a demo's folder, or its marker was cut short; the caller refuses the folder unless it is empty.
    return undefined;
  }
};

const lives = ({pid, processStart: start}: Marker): boolean => processStart(pid) === start;

/** Asks the demo that still runs to end and waits for it; after 30 s it is killed, and its children end by themselves. */
const endOld = async (marker: Marker): Promise<void> => {
  process.kill(marker.pid, 'SIGTERM');
  for (let waited = 0; lives(marker); waited += 100) {
    if (waited === 30_000) process.kill(marker.pid, 'SIGKILL');
    if (waited >= 45_000) throw new EngineError('demo_busy', `the demo with pid ${marker.pid} does not end`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
};

/**
 * An empty folder for a new demo, marked as one. A demo that still runs there is ended first, the files of an ended one
 * are removed; both are told through `say`. Throws `demo_folder_taken` for a folder that holds anything else.
 */
export const prepareDemoFolder = async (directory: string, say: (words: string) => void): Promise<void> => {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    const marker = readMarker(directory);
    if (marker === undefined)
      throw new EngineError(
        'demo_folder_taken',
        `${directory} holds files that no demo made: move them away, or start the demo in another folder`,
      );
    if (lives(marker)) {
      say(`a demo runs in ${directory} already (pid ${marker.pid}): ending it`);
      await endOld(marker);
    }
    say(`replacing the demo that was in ${directory}`);
    rmSync(directory, {recursive: true, force: true, maxRetries: 5, retryDelay: 200});
  }
  mkdirSync(directory, {recursive: true, mode: 0o700});
  const marker: Marker = {pid: process.pid, processStart: processStart(process.pid) ?? ''};
  writeFileSync(join(directory, MARKER), `${JSON.stringify(marker)}\n`);
};
