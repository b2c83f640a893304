import {payments, script, Transaction} from 'bitcoinjs-lib';
import type {InputSize} from '../../payout/sizes.ts';

/** block.io's names of the scripts that several keys may have. */
export const ADDRESS_TYPES = ['P2SH', 'P2WSH-over-P2SH', 'WITNESS_V0'] as const;
export type AddressType = (typeof ADDRESS_TYPES)[number];

/** `required` of these keys sign. The keys are in the order of the script. */
export interface Multisig {
  readonly type: AddressType;
  readonly required: number;
  readonly publicKeys: readonly Buffer[];
}

/** In lower-case hex. */
export const COMPRESSED_KEY = /^0[23][0-9a-f]{64}$/;

export const isPublicKey = (text: string): boolean => COMPRESSED_KEY.test(text);

/** `OP_2 <key> <key> OP_2 OP_CHECKMULTISIG`. Throws for keys that are no points of the curve. */
export const multisigScript = ({required, publicKeys}: Omit<Multisig, 'type'>): Buffer =>
  Buffer.from(payments.p2ms({m: required, pubkeys: [...publicKeys]}).output!);

/** What an output has to say to pay this. */
export const scriptPubKeyOf = (multisig: Multisig): Buffer => {
  const redeem = {output: multisigScript(multisig)};
  const witness = () => payments.p2wsh({redeem});
  switch (multisig.type) {
    case 'P2SH':
      return Buffer.from(payments.p2sh({redeem}).output!);
    case 'P2WSH-over-P2SH':
      return Buffer.from(payments.p2sh({redeem: witness()}).output!);
    case 'WITNESS_V0':
      return Buffer.from(witness().output!);
    default:
      return multisig.type satisfies never;
  }
};

/** What the signatures of one input sign (SIGHASH_ALL). */
export const signatureHash = (
  transaction: Transaction,
  index: number,
  multisig: Multisig,
  amount: bigint,
): Uint8Array => {
  const subscript = multisigScript(multisig);
  return multisig.type === 'P2SH'
    ? transaction.hashForSignature(index, subscript, Transaction.SIGHASH_ALL)
    : transaction.hashForWitnessV0(index, subscript, amount, Transaction.SIGHASH_ALL);
};

/** A signature with its hash type, at its longest; and how much shorter it may come out. */
const SIGNATURE = 72;
const SHORTER = 2;
/** Outpoint, sequence, and the length of an empty scriptSig. */
const BARE_INPUT = 41;

/** Virtual bytes of an input that spends it. */
export const multisigSize = ({
  type,
  required,
  keys,
}: {
  type: AddressType;
  required: number;
  keys: number;
}): InputSize => {
  const scriptLength = 3 + 34 * keys;
  const signatures = required * (1 + SIGNATURE);
  const least = required * SHORTER;
  if (type === 'P2SH') {
    // OP_0, the signatures, and the script behind OP_PUSHDATA1 or OP_PUSHDATA2.
    const scriptSig = 1 + signatures + (scriptLength > 255 ? 3 : 2) + scriptLength;
    const expected = BARE_INPUT - 1 + (scriptSig < 253 ? 1 : 3) + scriptSig;
    return {expected, least: expected - least};
  }
  // The count of items, the empty one that OP_CHECKMULTISIG takes, the signatures, the script.
  const witness = 1 + 1 + signatures + (scriptLength < 253 ? 1 : 3) + scriptLength;
  const weight = (BARE_INPUT + (type === 'WITNESS_V0' ? 0 : 35)) * 4 + witness;
  return {expected: Math.ceil(weight / 4), least: Math.floor((weight - least) / 4)};
};

/** The keys of a redeem script, as hex or in words (`OP_2 <key> … OP_3 OP_CHECKMULTISIG`); undefined for any other script. */
export const readRedeemScript = (text: string): Omit<Multisig, 'type'> | undefined => {
  const [first = '', ...rest] = /^(?:[0-9a-f]{2})+$/.test(text)
    ? wordsOf(Buffer.from(text, 'hex'))
    : text.trim().split(/\s+/);
  const keys = rest.slice(0, -2);
  const [total = '', check] = rest.slice(-2);
  const required = numberOf(first);
  if (check !== 'OP_CHECKMULTISIG' || numberOf(total) !== keys.length || !keys.every(isPublicKey)) return undefined;
  if (required === undefined || required > keys.length) return undefined;
  return {required, publicKeys: keys.map(key => Buffer.from(key, 'hex'))};
};

const wordsOf = (bytes: Buffer): string[] => {
  const chunks = script.decompile(bytes);
  return chunks === null ? [] : script.toASM(chunks).split(' ');
};

/** `OP_2` or `2`. */
const numberOf = (word: string): number | undefined => {
  const digits = /^(?:OP_)?(\d{1,2})$/.exec(word)?.[1];
  const number = Number(digits);
  return digits === undefined || number < 1 || number > 16 ? undefined : number;
};
