import {z} from 'zod';

/** RFC 9457 problem document. `code` is stable; `detail` is for people. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  field: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;

/** HTTP status of every code the API answers with. A code that is not here is a fault of ours: 500 `internal`. */
export const PROBLEM_STATUS: Readonly<Record<string, number>> = {
  bad_request: 400,
  bad_cursor: 400,
  unauthorized: 401,
  forbidden: 403,
  forbidden_host: 403,
  not_found: 404,
  unknown_coin: 404,
  unknown_account: 404,
  method_not_allowed: 405,
  already_exists: 409,
  idempotency_conflict: 409,
  already_signed: 409,
  already_running: 409,
  wrong_state: 409,
  not_initialised: 409,
  body_too_large: 413,
  too_many_requests: 429,
  headers_too_large: 431,
  request_timeout: 408,
  unsupported_media_type: 415,
  bad_name: 422,
  bad_amount: 422,
  bad_address: 422,
  bad_height: 422,
  bad_range: 422,
  bad_txid: 422,
  dust: 422,
  insufficient_funds: 422,
  account_frozen: 422,
  house_account: 422,
  idempotency_key_missing: 422,
  database_fault: 503,
  backend_unavailable: 503,
  wallet_mismatch: 503,
  stopping: 503,
};
