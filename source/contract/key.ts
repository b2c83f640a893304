import type {ScriptType} from '../coins/index.ts';

/** What anybody may know of a key file. */
export interface KeyDescription {
  readonly coin: string;
  readonly network: string;
  readonly file: string;
  /** Of the master key. */
  readonly fingerprint: string;
  readonly type: ScriptType;
  readonly path: string;
  readonly descriptor: string;
  readonly created_at: string;
  /** Whether the config's wallet is this key's; null when it has no descriptor yet. */
  readonly configured: boolean | null;
}
