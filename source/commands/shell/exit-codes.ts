import {EngineError} from '../../primitives/errors.ts';

export const EXIT = {
  ok: 0,
  /** Refused or not found. */
  refused: 1,
  /** A loop died or stalled, or another engine took the ledger. */
  fault: 2,
  usage: 64,
  /** Engine, backend or node program out of reach. */
  unreachable: 69,
  /** Config or database unfit. */
  config: 78,
} as const;

/** Exit code of every error code that is not a plain refusal (1). The public contract names these numbers. */
const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  usage: EXIT.usage,
  fenced: EXIT.fault,
  loop_died: EXIT.fault,
  loop_stalled: EXIT.fault,

  engine_unreachable: EXIT.unreachable,
  stopping: EXIT.unreachable,
  backend_auth: EXIT.unreachable,
  backend_down: EXIT.unreachable,
  backend_overloaded: EXIT.unreachable,
  backend_timeout: EXIT.unreachable,
  backend_unavailable: EXIT.unreachable,
  backend_warming_up: EXIT.unreachable,
  bad_backend_answer: EXIT.unreachable,
  block_pruned: EXIT.unreachable,
  node_program_failed: EXIT.unreachable,
  node_program_missing: EXIT.unreachable,
  sink_unreachable: EXIT.unreachable,
  wallet_locked: EXIT.unreachable,
  wallet_missing: EXIT.unreachable,

  api_unavailable: EXIT.config,
  bad_config: EXIT.config,
  bad_descriptor: EXIT.config,
  bad_key_file: EXIT.config,
  bad_mode: EXIT.config,
  database_fault: EXIT.config,
  database_newer: EXIT.config,
  missing_file: EXIT.config,
  missing_key: EXIT.config,
  not_initialised: EXIT.config,
  wallet_mismatch: EXIT.config,
  wrong_chain: EXIT.config,
  wrong_key: EXIT.config,
  wrong_ledger: EXIT.config,
  wrong_wallet: EXIT.config,
};

/** The exit code that a thrown error asks for; 1 for refusals and for what nobody foresaw. */
export const exitCodeOf = (error: unknown): number => {
  if (!(error instanceof EngineError) || !Object.hasOwn(EXIT_BY_CODE, error.code)) return EXIT.refused;
  // Locked, or no room on the disk: over by itself or soon mended, so that whoever starts the program may try again.
  if (error.code === 'database_fault' && error.retry === 'backoff') return EXIT.unreachable;
  return EXIT_BY_CODE[error.code]!;
};

/** Of several, the one that says most about what to do first: config before reach before the rest. */
export const worstExitCode = (codes: readonly number[]): number =>
  [EXIT.config, EXIT.unreachable, EXIT.fault, EXIT.refused].find(code => codes.includes(code)) ?? EXIT.ok;
