import type {Problem} from '../contract/index.ts';
import {EngineError, type Retry} from '../primitives/errors.ts';

export interface ErrorDetails {
  readonly retry?: Retry;
  readonly field?: string | undefined;
  readonly status?: number;
  readonly cause?: unknown;
}

/**
 * The one error that a client of the engine throws. `code` is stable: those of the API's problem documents, and of the
 * client itself `engine_unreachable`, `aborted`, `bad_option`, `bad_cursor_file`, `cursor_mismatch`,
 * `webhook_headers_missing`, `webhook_too_old`, `bad_signature`, `bad_webhook_body`, `raw_body_missing`.
 */
export class CryptoassetsError extends EngineError {
  /** HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** What went wrong, for people: the same text as `message`. */
  readonly detail: string;
  /**
   * Of a payout or transfer that failed: the key it was asked for with. When `retry` is `unknown-outcome` the engine
   * may have accepted it; asking again with this key is safe and tells.
   */
  idempotencyKey: string | undefined;

  constructor(code: string, detail: string, {status, field, ...options}: ErrorDetails = {}) {
    super(code, detail, {...options, ...(field !== undefined && {field})});
    this.name = 'CryptoassetsError';
    this.status = status;
    this.detail = detail;
  }
}

/** The refusal that a problem document tells of. */
export const fromProblem = (problem: Problem): CryptoassetsError =>
  new CryptoassetsError(problem.code, problem.detail, {
    status: problem.status,
    field: problem.field,
    retry: problem.status >= 500 || problem.status === 429 ? 'backoff' : 'never',
  });
