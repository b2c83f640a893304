/** What block.io means by `status: fail`. It has no codes: its words are all there is. */
export type FailKind =
  /** The API key, or the address this machine calls from. */
  | 'unauthorized'
  | 'overloaded'
  /** Somebody spent the inputs: perhaps we did, with this very transaction. */
  | 'inputs-unavailable'
  /** It has the transaction already. */
  | 'already-known'
  | 'other';

/**
 * The first row that fits. Recorded: the words on API keys. The others are how such providers, and the nodes behind
 * them, say it; what matches none is shown to a person in block.io's own words.
 */
const FAILS: readonly (readonly [RegExp, FailKind])[] = [
  [/\bAPI key\b|not enabled API access|IP address/i, 'unauthorized'],
  [/rate limit|too many requests|slow down|throttl/i, 'overloaded'],
  [/already (?:known|exists in|been broadcast|in (?:the )?(?:mempool|block|utxo))|txn-already/i, 'already-known'],
  [
    /already (?:been )?spent|double.?spen|missingorspent|missing inputs|mempool-conflict|unspent outputs?.*(?:not|no longer)/i,
    'inputs-unavailable',
  ],
];

export const failKind = (words: string): FailKind => FAILS.find(([pattern]) => pattern.test(words))?.[1] ?? 'other';

export const FAIL_CODE: Readonly<Record<FailKind, string>> = {
  unauthorized: 'backend_auth',
  overloaded: 'backend_overloaded',
  'inputs-unavailable': 'backend_refused',
  'already-known': 'backend_refused',
  other: 'backend_refused',
};
