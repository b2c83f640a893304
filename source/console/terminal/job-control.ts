import type {KeyboardInput} from '../input/keyboard.ts';
import type {ScreenOutput} from './screen-output.ts';

/** ms after which nothing has stopped us: a shell without job control, or none at all. */
const NOT_STOPPED = 500;

export interface JobControl {
  /** What Ctrl-Z does to other programs; in raw mode nobody does it for us. */
  readonly suspend: () => void;
  readonly release: () => void;
}

/**
 * To the shell and back. The engine is a session of its own and goes on. Whoever continues us (`fg`, SIGCONT) finds the
 * screen drawn anew, also when somebody else had stopped us.
 */
export const createJobControl = (output: ScreenOutput, stdin: KeyboardInput): JobControl => {
  let timer: NodeJS.Timeout | undefined;
  const resume = () => {
    clearTimeout(timer);
    // The shell has used the terminal in its own mode.
    stdin.setRawMode?.(false);
    stdin.setRawMode?.(true);
    output.resume();
  };
  process.on('SIGCONT', resume);
  return {
    suspend() {
      output.suspend();
      stdin.setRawMode?.(false);
      timer = setTimeout(resume, NOT_STOPPED);
      // The whole job, as a terminal does: a shell script or npm that started us would else wait for nothing.
      process.kill(0, 'SIGTSTP');
    },
    release() {
      clearTimeout(timer);
      process.off('SIGCONT', resume);
    },
  };
};
