/** What a test server does wrong. */
export interface Lies {
  /** Methods that are never answered. */
  readonly silent?: ReadonlySet<string>;
  /** Methods on which it hangs up. */
  readonly hangsUp?: ReadonlySet<string>;
  /** Methods that are answered with something that is no JSON. */
  readonly garbage?: ReadonlySet<string>;
  /** Methods whose answer never ends. */
  readonly endless?: ReadonlySet<string>;
  /** Says that its chain begins with this block. */
  readonly genesis?: string;
  /** Transactions that no history lists. */
  readonly withheld?: ReadonlySet<string>;
  /** Rows that histories list although the chain does not have them there; the raw bytes of those it makes up. */
  readonly invented?: readonly {readonly script: string; readonly txid: string; readonly height: number}[];
  readonly raws?: ReadonlyMap<string, string>;
  /** Answers to get_merkle, by txid. */
  readonly proofs?: ReadonlyMap<
    string,
    {readonly merkle: readonly string[]; readonly pos: number; readonly block_height: number}
  >;
  /** Headers instead of those of the chain, by height. */
  readonly headers?: ReadonlyMap<number, string>;
  /** Headers in an answer; 2,016 unless said. */
  readonly mostHeaders?: number;
  /** Tells of blocks only; of scripts when `tellScripts` is called. */
  readonly withholdsNotifications?: boolean;
  /** Errors instead of answers, by method. */
  readonly errors?: ReadonlyMap<string, {readonly code: number; readonly message: string}>;
}
