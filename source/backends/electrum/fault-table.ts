// What an Electrum server's errors mean. The protocol has no codes for what a node answered: servers pass bitcoind's words
// on, each in a wrapping of its own, so that here, and only here, words decide.

import {rejectReasonKind} from '../bitcoind/fault-table.ts';

export type RefusalKind =
  | 'not-found'
  /** Too many requests, or of too costly a kind: to be slower about it. */
  | 'overloaded'
  | 'warming-up'
  /** A script with more transactions than this server lists. */
  | 'history-too-long'
  | 'unsupported'
  /** Of a broadcast: the network has it. */
  | 'already-known'
  /** Of a broadcast: inputs missing, spent or contested; the same words come when it is mined and spent. */
  | 'inputs-unavailable'
  /** Of a broadcast: refused by policy or consensus as it stands. */
  | 'rejected'
  | 'other';

interface Row {
  readonly code?: number;
  readonly text?: RegExp;
  readonly kind: RefusalKind;
}

/** The first row that fits. ElectrumX, electrs, Blockstream's electrs, Fulcrum. */
const ROWS: readonly Row[] = [
  {code: -101, kind: 'overloaded'},
  {code: -102, kind: 'overloaded'},
  {text: /excessive resource usage|server (?:is )?busy|too many requests|rate limit/i, kind: 'overloaded'},
  {code: -32_601, kind: 'unsupported'},
  {text: /history (?:is )?too (?:large|long)|too much history|too many history/i, kind: 'history-too-long'},
  {
    text: /^(?:Loading|Verifying|Rewinding|Replaying|Pruning|Rescanning|Activating|Starting|Done loading)\b|warming up|still syncing/i,
    kind: 'warming-up',
  },
  {
    text: /No such mempool|no such transaction|no transaction matching|missing transaction|(?:tx|transaction)\b.{0,80}not (?:found|in block)|not found in block|out of range|missing header|no confirmed transaction/i,
    kind: 'not-found',
  },
];

export const refusalKind = (code: number, message: string): RefusalKind =>
  ROWS.find(row => (row.code ?? code) === code && (row.text?.test(message) ?? true))?.kind ?? 'other';

const ALREADY_KNOWN =
  /already in (?:block ?chain|utxo set|(?:the )?mempool)|txn-already-(?:in-mempool|known)|txn-same-nonwitness/i;
const MISSING_INPUTS = /missing-?inputs|missingorspent|missing inputs/i;
/** bitcoind's reasons for -26 and -25 that are none of the inputs'. */
const REJECTED =
  /^(?:\d+: )?(?:dust|min relay fee|mempool min fee|mempool full|too-long-mempool-chain|non-?final|non-BIP68|bad-txns|bad-witness|scriptpubkey|scriptsig|bare-multisig|multi-op-return|datacarrier|tx-size|version|premature|mandatory-script|non-mandatory-script|mempool-script|absurdly-high-fee|Fee exceeds maximum|max-fee|TX decode failed|unspendable output|too-many|TRUC|.*(?:exceeds|violates))/i;
const REFUSED_BY_RULES = /rejected by network rules/i;

/** The node's own words, without what the server wrapped around them and without the transaction it repeats. */
export const nodesWords = (message: string): string => {
  const inner = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? message;
  return inner
    .replace(/^.*rejected by network rules\.?[\s)(]*/is, '')
    .replace(/\s*\[[0-9a-f\s]*\]?\s*$/i, '')
    .replace(/^(?:daemon error|sendrawtransaction RPC error(?: -?\d+)?|RPC error(?: -?\d+)?):\s*/i, '')
    .trim();
};

/** What a refused broadcast means. Words that nobody knows conclude nothing. */
export const broadcastKind = (code: number, message: string): RefusalKind => {
  const general = refusalKind(code, message);
  if (general === 'overloaded' || general === 'unsupported') return general;
  const words = nodesWords(message);
  if (ALREADY_KNOWN.test(words)) return 'already-known';
  if (MISSING_INPUTS.test(words)) return 'inputs-unavailable';
  if (general === 'warming-up') return general;
  const reason = rejectReasonKind(words.replace(/^\d+: /, ''));
  if (reason === 'already-known' || reason === 'inputs-unavailable') return reason;
  return REFUSED_BY_RULES.test(message) || REJECTED.test(words) ? 'rejected' : 'other';
};

/** EngineError code of each meaning. */
export const REFUSAL_CODE: Readonly<Record<RefusalKind, string>> = {
  'not-found': 'backend_not_found',
  overloaded: 'backend_overloaded',
  'warming-up': 'backend_warming_up',
  'history-too-long': 'backend_refused',
  unsupported: 'backend_refused',
  'already-known': 'backend_refused',
  'inputs-unavailable': 'backend_refused',
  rejected: 'backend_refused',
  other: 'backend_refused',
};

/** What a failed connection means, by the system's or the TLS library's error code. */
export type ConnectionFault = 'refused' | 'no-such-host' | 'unreachable' | 'tls' | 'lost';

/** The first row that fits. */
const CONNECTION_FAULTS: readonly (readonly [RegExp, ConnectionFault])[] = [
  [/^ECONNREFUSED$/, 'refused'],
  [/^(?:ENOTFOUND|EAI_[A-Z]+)$/, 'no-such-host'],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$/, 'unreachable'],
  [/^(?:EPROTO|ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/, 'tls'],
];

export const connectionFault = (code: string): ConnectionFault =>
  CONNECTION_FAULTS.find(([pattern]) => pattern.test(code))?.[1] ?? 'lost';
