/** Virtual bytes of one input, as counted ahead of signing and at least (signatures vary by a byte or more). */
export interface InputSize {
  readonly expected: number;
  readonly least: number;
}

/** What the wallet says of its own scripts; undefined for those that it cannot spend. */
export type SizeOfInput = (scriptPubKey: Uint8Array) => InputSize | undefined;

const P2WPKH: InputSize = {expected: 68, least: 67};
const P2TR: InputSize = {expected: 58, least: 57};
const P2SH_P2WPKH: InputSize = {expected: 91, least: 90};
const P2PKH: InputSize = {expected: 148, least: 145};

/**
 * Size of spending an output by its script, for key-path and single-signature scripts; P2SH is taken for nested
 * P2WPKH, the only one a single-signature wallet makes. Undefined for scripts whose spending size is not known.
 */
export const inputSize = (scriptPubKey: Uint8Array): InputSize | undefined => {
  const [first, second] = scriptPubKey;
  if (scriptPubKey.length === 22 && first === 0x00 && second === 0x14) return P2WPKH;
  if (scriptPubKey.length === 34 && first === 0x51 && second === 0x20) return P2TR;
  if (scriptPubKey.length === 23 && first === 0xa9 && second === 0x14) return P2SH_P2WPKH;
  if (scriptPubKey.length === 25 && first === 0x76 && second === 0xa9) return P2PKH;
  return undefined;
};

const compactSize = (count: number): number => (count < 253 ? 1 : 3);

/** Bytes of one output: value, script length, script. */
export const outputSize = (scriptPubKey: Uint8Array): number =>
  8 + compactSize(scriptPubKey.length) + scriptPubKey.length;

/** Version, locktime, counts and the witness marker (half a vbyte, rounded up). */
export const overheadSize = (inputs: number, outputs: number): number =>
  4 + 4 + 1 + compactSize(inputs) + compactSize(outputs);
