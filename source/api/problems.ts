import {PROBLEM_STATUS, type Problem} from '../contract/index.ts';
import {EngineError} from '../primitives/errors.ts';

const titleOf = (code: string): string => {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const problemOf = (code: string, detail: string, field?: string): Problem => ({
  type: `urn:cryptoassets-console:problem:${code}`,
  title: titleOf(code),
  status: PROBLEM_STATUS[code] ?? 500,
  code,
  detail,
  ...(field !== undefined && {field}),
});

/** What the framework refuses before a route sees it, by its own codes. */
const FRAMEWORK: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'a request body may have 64 KB at most'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'send the body as content-type: application/json'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'content-length differs from the length of the body'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_request', 'the body is not JSON'],
  FST_ERR_BAD_URL: ['bad_request', 'the path is not well encoded'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'a part of the path is too long to name anything'],
};

/**
 * The problem document for whatever was thrown while answering. What is not a refusal with a code of its own is a fault
 * of ours: 500 `internal`, whose words go to the log and not to the caller.
 */
export const toProblem = (error: unknown): Problem => {
  if (error instanceof EngineError) return fromEngineError(error);
  const code = error instanceof Error ? (error as Error & {code?: unknown}).code : undefined;
  const known = typeof code === 'string' ? FRAMEWORK[code] : undefined;
  if (known !== undefined) return problemOf(...known);
  return problemOf('internal', 'an internal fault; the log of the engine says more');
};

const fromEngineError = (error: EngineError): Problem => {
  if (PROBLEM_STATUS[error.code] !== undefined) return problemOf(error.code, error.message, error.field);
  // The node's troubles have many names inside; a caller can only wait and try again.
  if (/^(backend_|bad_backend_answer$|block_pruned$|stale_facts$)/.test(error.code))
    return problemOf('backend_unavailable', error.message);
  if (error.code === 'fenced') return problemOf('stopping', error.message);
  return problemOf('internal', 'an internal fault; the log of the engine says more');
};
