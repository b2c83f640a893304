/** When trying again can help. `unknown-outcome`: the call may have taken effect (a send whose answer was lost). */
export type Retry = 'never' | 'backoff' | 'unknown-outcome';

/**
 * The one error that crosses folder borders. `code` is stable and machine-readable (see contract/problem.ts for those
 * the API shows); `message` is one line for a person and holds no secret. Foreign errors are mapped to it once, in the
 * adapter that met them.
 */
export class EngineError extends Error {
  readonly code: string;
  readonly retry: Retry;
  /** The input field at fault, as the caller knows it (`amount`, `coins.btc.backend.url`). */
  readonly field: string | undefined;

  constructor(code: string, message: string, options: {retry?: Retry; field?: string; cause?: unknown} = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.name = 'EngineError';
    this.code = code;
    this.retry = options.retry ?? 'never';
    this.field = options.field;
  }
}

export const hasCode = (error: unknown, code: string): error is EngineError =>
  error instanceof EngineError && error.code === code;

/** One line, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
