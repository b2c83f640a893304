import {EngineError, messageOf} from '../primitives/errors.ts';

/** One line of a checklist, as commands/supplies.ts has it. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly words: string;
  /** 69 out of reach, 78 config or database, 1 books and the rest. */
  readonly exitCode?: 1 | 69 | 78;
  readonly code?: string;
}

const UNFIT = /^(database_|not_initialised$|wrong_|wallet_mismatch$|bad_config$|bad_descriptor$)/;
const OUT_OF_REACH = /^(backend_|bad_backend_answer$|wallet_(missing|locked)$|block_pruned$|sink_unreachable$)/;

const exitCodeOf = (error: unknown): 1 | 69 | 78 => {
  if (!(error instanceof EngineError)) return 1;
  if (UNFIT.test(error.code)) return 78;
  return OUT_OF_REACH.test(error.code) ? 69 : 1;
};

export const fine = (subject: string, words: string): Finding => ({subject, ok: true, words});

/** What an error means to whoever reads the checklist. A mistake of the program itself is not hidden in one. */
export const failed = (subject: string, error: unknown): Finding => {
  if (!(error instanceof EngineError)) throw error;
  return {subject, ok: false, words: messageOf(error), exitCode: exitCodeOf(error), code: error.code};
};
