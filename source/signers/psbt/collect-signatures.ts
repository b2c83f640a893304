import {Psbt, Transaction} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import type {Submission} from './read-submission.ts';

/** How far the signatures for one plan are. */
export interface Collected {
  /** The plan's own PSBT with every good signature that was found. */
  readonly psbt: Psbt;
  readonly inputs: number;
  /** Positions of those that lack a signature. */
  readonly missing: readonly number[];
  /** Why something that was given was not used. */
  readonly faults: readonly string[];
  /** The finished transaction, when nothing is missing. */
  readonly raw: Buffer | undefined;
}

type InputData = Psbt['data']['inputs'][number];

/** Of the whole transaction: any other kind lets somebody else change what was planned. */
const SIGHASH_ALL = 0x01;

const verify = (publicKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === 32 ? ecc.verifySchnorr(hash, publicKey, signature) : ecc.verify(hash, publicKey, signature);

/**
 * Takes the signatures out of what was given, and nothing else: amounts, scripts and derivations stay those of the plan.
 * Whatever was given must be about the plan's own transaction; the caller has compared that. Each signature is checked.
 */
export const collectSignatures = (unsigned: Buffer, submissions: readonly Submission[]): Collected => {
  const psbt = Psbt.fromBuffer(unsigned);
  const faults: string[] = [];
  for (const submission of submissions)
    for (let index = 0; index < psbt.inputCount; index++) {
      const fault =
        submission.kind === 'psbt'
          ? takeFromPsbt(psbt, index, submission.psbt.data.inputs[index]!)
          : takeFinal(psbt, index, submission.transaction.ins[index]!);
      if (fault !== undefined) faults.push(`input ${index + 1} of ${psbt.inputCount}: ${fault}`);
    }
  const missing = psbt.data.inputs.flatMap((input, index) => (isSigned(input) ? [] : [index]));
  const raw = missing.length > 0 ? undefined : finish(psbt, faults);
  return {psbt, inputs: psbt.inputCount, missing, faults, raw};
};

const isFinal = (input: InputData): boolean =>
  input.finalScriptSig !== undefined || input.finalScriptWitness !== undefined;
const isSigned = (input: InputData): boolean =>
  isFinal(input) || input.tapKeySig !== undefined || (input.partialSig ?? []).length > 0;

/** Undefined when there was nothing, or it was good. */
const takeFromPsbt = (into: Psbt, index: number, from: InputData): string | undefined => {
  const own = into.data.inputs[index]!;
  if (isSigned(own)) return undefined;
  if (from.tapKeySig !== undefined || (from.partialSig ?? []).length > 0) return takePartial(into, index, from);
  if (!isFinal(from)) return undefined;
  const signature = finalSignature(own, {
    script: from.finalScriptSig ?? Buffer.alloc(0),
    witness: from.finalScriptWitness === undefined ? [] : readWitness(from.finalScriptWitness),
  });
  return signature === undefined
    ? 'it is finished in a way that this wallet does not know'
    : takePartial(into, index, signature);
};

const takeFinal = (into: Psbt, index: number, from: Transaction['ins'][number]): string | undefined => {
  if (from.script.length === 0 && from.witness.length === 0) return undefined;
  const own = into.data.inputs[index]!;
  if (isSigned(own)) return undefined;
  const signature = finalSignature(own, from);
  return signature === undefined
    ? 'it is finished in a way that this wallet does not know'
    : takePartial(into, index, signature);
};

type Signatures = Pick<InputData, 'partialSig' | 'tapKeySig'>;

/** Adds them and keeps them only when they are the wallet's own, of the whole transaction, and right. */
const takePartial = (into: Psbt, index: number, {partialSig, tapKeySig}: Signatures): string | undefined => {
  const own = into.data.inputs[index]!;
  const key = own.bip32Derivation?.[0]?.pubkey;
  const ours = (partialSig ?? []).filter(({pubkey}) => key !== undefined && Buffer.from(key).equals(pubkey));
  if (tapKeySig === undefined && ours.length === 0) return 'it is signed with a key that is not the wallet’s';
  const fault = sighashFault(tapKeySig, ours[0]?.signature);
  if (fault !== undefined) return fault;
  if (tapKeySig !== undefined) own.tapKeySig = tapKeySig;
  else own.partialSig = ours;
  try {
    if (into.validateSignaturesOfInput(index, verify)) return undefined;
  } catch {
    // A signature that cannot even be read: as wrong as one that does not fit.
  }
  delete own.tapKeySig;
  delete own.partialSig;
  return 'its signature is wrong';
};

const sighashFault = (schnorr: Uint8Array | undefined, signature: Uint8Array | undefined): string | undefined => {
  const kind = schnorr === undefined ? signature?.at(-1) : schnorr.length === 64 ? SIGHASH_ALL : schnorr.at(-1);
  return kind === SIGHASH_ALL
    ? undefined
    : 'its signature does not cover the whole transaction (sighash), so that others could change it';
};

/** The signature inside a finished input of a single key, as it was before it was finished. */
const finalSignature = (
  own: InputData,
  {script, witness}: {readonly script: Uint8Array; readonly witness: readonly Uint8Array[]},
): Signatures | undefined => {
  const [first, second] = witness;
  if (own.tapInternalKey !== undefined) return witness.length === 1 && first ? {tapKeySig: first} : undefined;
  if (witness.length === 2 && first && second) return {partialSig: [{signature: first, pubkey: second}]};
  const [signature, pubkey] = pushesOf(script);
  return signature && pubkey ? {partialSig: [{signature, pubkey}]} : undefined;
};

/** Two pushes of fewer than 76 bytes: signature and key of P2PKH. */
const pushesOf = (script: Uint8Array): Uint8Array[] => {
  const pushes: Uint8Array[] = [];
  for (let at = 0; at < script.length;) {
    const length = script[at]!;
    if (length === 0 || length > 75 || at + 1 + length > script.length) return [];
    pushes.push(script.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return pushes.length === 2 ? pushes : [];
};

/** A witness as it is serialized: a count, then each item with its length; items of single keys are short. */
const readWitness = (bytes: Uint8Array): Uint8Array[] => {
  const items: Uint8Array[] = [];
  const count = bytes[0] ?? 0;
  for (let at = 1; items.length < count;) {
    const length = bytes[at] ?? 0;
    if (length >= 0xfd || at + 1 + length > bytes.length) return [];
    items.push(bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return items;
};

const finish = (psbt: Psbt, faults: string[]): Buffer | undefined => {
  try {
    const whole = psbt.clone();
    whole.finalizeAllInputs();
    // The fee is the plan's, which is verified against the configured bounds and not against the library's.
    return Buffer.from(whole.extractTransaction(true).toBuffer());
  } catch (error) {
    faults.push(`the signatures do not make a transaction: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
};
