// Every answer of bitcoind that means something to us, once. Codes decide; texts are looked at only where one code
// means several things, and nowhere but here. Measured against Core 30.2, Knots 29.5 and Litecoin Core 0.21.

/** What a JSON-RPC error means. */
export type RefusalKind =
  | 'warming-up'
  /** In initial download or without peers: cannot be asked for this now. */
  | 'not-ready'
  | 'not-found'
  | 'pruned'
  | 'wallet-missing'
  | 'wallet-loaded'
  | 'wallet-busy'
  | 'wallet-locked'
  /** lockunspent of a coin that is locked, or unlocked, already. */
  | 'lock-unchanged'
  /** The network has this transaction: in the mempool or in a block. */
  | 'already-known'
  /** Inputs missing, spent or contested; the same words come for a transaction that is mined and spent. */
  | 'inputs-unavailable'
  /** Refused by policy or consensus as it stands. */
  | 'rejected'
  | 'overloaded'
  | 'unsupported'
  | 'other';

interface RefusalRow {
  readonly code: number;
  readonly text?: RegExp;
  readonly kind: RefusalKind;
}

/** The first row whose code and text fit. */
const REFUSALS: readonly RefusalRow[] = [
  {code: -28, kind: 'warming-up'},
  {code: -9, kind: 'not-ready'},
  {code: -10, kind: 'not-ready'},
  {code: -27, kind: 'already-known'},
  {code: -26, text: /^txn-already-(in-mempool|known)|^txn-same-nonwitness-data-in-mempool/, kind: 'already-known'},
  {code: -26, text: /^missing-inputs|^bad-txns-inputs-missingorspent/, kind: 'inputs-unavailable'},
  {code: -26, text: /^txn-mempool-conflict|^bad-txns-spends-conflicting-tx/, kind: 'inputs-unavailable'},
  {code: -26, text: /^insufficient fee|rejecting replacement|^replacement-/, kind: 'inputs-unavailable'},
  {code: -26, text: /^too many potential replacements/, kind: 'inputs-unavailable'},
  {code: -26, kind: 'rejected'},
  {code: -25, text: /missing-?inputs|missingorspent|Missing inputs/, kind: 'inputs-unavailable'},
  {code: -25, kind: 'rejected'},
  {code: -22, kind: 'rejected'},
  {code: -13, kind: 'wallet-locked'},
  // loadwallet of a name that does not exist answers -18 too.
  {code: -18, kind: 'wallet-missing'},
  {code: -35, kind: 'wallet-loaded'},
  {code: -4, text: /already loaded/, kind: 'wallet-loaded'},
  {code: -4, text: /currently rescanning|already loading/, kind: 'wallet-busy'},
  {code: -8, text: /already locked|expected locked output/, kind: 'lock-unchanged'},
  {code: -8, text: /height out of range/, kind: 'not-found'},
  {code: -5, text: /not found|not in mempool|No such mempool|non-wallet transaction/, kind: 'not-found'},
  {code: -1, text: /pruned data/, kind: 'pruned'},
  {code: -32601, kind: 'unsupported'},
];

export const refusalKind = (code: number, message: string): RefusalKind =>
  REFUSALS.find(row => row.code === code && (row.text === undefined || row.text.test(message)))?.kind ?? 'other';

/** `reject-reason` of testmempoolaccept: the texts of -26 without the code. */
export const rejectReasonKind = (reason: string): RefusalKind => refusalKind(-26, reason);

/** EngineError code of each meaning, for those who do not look at the meaning itself. */
export const REFUSAL_CODE: Readonly<Record<RefusalKind, string>> = {
  'warming-up': 'backend_warming_up',
  'not-ready': 'backend_warming_up',
  'not-found': 'backend_not_found',
  pruned: 'block_pruned',
  'wallet-missing': 'wallet_missing',
  'wallet-loaded': 'backend_refused',
  'wallet-busy': 'backend_overloaded',
  'wallet-locked': 'wallet_locked',
  'lock-unchanged': 'backend_refused',
  'already-known': 'backend_refused',
  'inputs-unavailable': 'backend_refused',
  rejected: 'backend_refused',
  overloaded: 'backend_overloaded',
  unsupported: 'backend_refused',
  other: 'backend_refused',
};

/** What an HTTP answer without a JSON-RPC body means. */
export type HttpFault = 'unauthorized' | 'forbidden' | 'no-such-path' | 'overloaded' | 'not-bitcoind';

export const httpFault = (status: number, body: string): HttpFault => {
  // Litecoin Core says so with 500, Bitcoin Core with 503, both as text/html.
  if (/^\s*Work queue depth exceeded/i.test(body)) return 'overloaded';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404 && body === '') return 'no-such-path';
  if (status === 429 || status === 502 || status === 503 || status === 504) return 'overloaded';
  return 'not-bitcoind';
};

/** What a failed connection means, by the system's, the TLS library's or undici's error code. */
export type ConnectionFault = 'refused' | 'no-such-host' | 'unreachable' | 'tls' | 'not-http' | 'lost';

/** The first row that fits. */
const CONNECTION_FAULTS: readonly (readonly [RegExp, ConnectionFault])[] = [
  [/^ECONNREFUSED$/, 'refused'],
  [/^(?:ENOTFOUND|EAI_[A-Z]+)$/, 'no-such-host'],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'unreachable'],
  [/^(?:EPROTO|ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/, 'tls'],
  [/^(?:HPE_|HTTPParserError$)/, 'not-http'],
  // A call that undici refuses is a fault of ours, and no failed connection.
  [/^(?!UND_ERR_INVALID_ARG$)UND_ERR_/, 'lost'],
  // ECONNRESET, EPIPE and the like happen on a connection that stood: the node went away, or hung up while idle.
  [/^E[A-Z]+$/, 'lost'],
];

/** Undefined for errors that are not about a connection. */
export const connectionFault = (code: string): ConnectionFault | undefined =>
  CONNECTION_FAULTS.find(([pattern]) => pattern.test(code))?.[1];
