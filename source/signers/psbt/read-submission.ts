import {Psbt, Transaction} from 'bitcoinjs-lib';

/** What somebody gives back: signatures in a PSBT, or the finished transaction. */
export type Submission =
  {readonly kind: 'psbt'; readonly psbt: Psbt} | {readonly kind: 'transaction'; readonly transaction: Transaction};

const MAGIC = Buffer.from('70736274ff', 'hex');
/** No standard transaction needs more, its inputs' transactions included. */
export const MAX_BYTES = 20_000_000;

/** The bytes of what is base64, hex, or binary as it is. */
const bytesOf = (given: Buffer): Buffer => {
  if (given.subarray(0, MAGIC.length).equals(MAGIC)) return given;
  const text = given.toString('latin1').replaceAll(/\s/g, '');
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  return given;
};

/** Reads a PSBT (BIP174, version 0) or a raw transaction: binary, base64 or hex. Undefined for anything else. */
export const readSubmission = (given: Buffer): Submission | undefined => {
  const bytes = given.length > MAX_BYTES ? undefined : bytesOf(given);
  if (bytes === undefined || bytes.length < 10) return undefined;
  try {
    return bytes.subarray(0, MAGIC.length).equals(MAGIC)
      ? {kind: 'psbt', psbt: Psbt.fromBuffer(bytes)}
      : {kind: 'transaction', transaction: Transaction.fromBuffer(bytes)};
  } catch {
    // Foreign bytes: whatever is wrong with them, they are none.
    return undefined;
  }
};

/** Inputs, outputs, version and locktime: what a signature is about, and the same before and after signing. */
export const outlineOf = (submission: Submission): string => {
  if (submission.kind === 'transaction') {
    const {version, locktime, ins, outs} = submission.transaction;
    return outline(
      {version, locktime},
      ins,
      outs.map(({script, value}) => ({script, value})),
    );
  }
  const {version, locktime, txInputs, txOutputs} = submission.psbt;
  return outline({version, locktime}, txInputs, txOutputs);
};

const outline = (
  frame: {readonly version: number; readonly locktime: number},
  inputs: readonly {readonly hash: Uint8Array; readonly index: number; readonly sequence?: number | undefined}[],
  outputs: readonly {readonly script: Uint8Array; readonly value: bigint}[],
): string =>
  JSON.stringify([
    frame.version,
    frame.locktime,
    inputs.map(({hash, index, sequence}) => [Buffer.from(hash).toString('hex'), index, sequence ?? 0xffff_ffff]),
    outputs.map(({script, value}) => [Buffer.from(script).toString('hex'), value.toString()]),
  ]);

type Outline = [number, number, [string, number, number][], [string, string][]];

/** In which way another transaction is not the planned one. */
export const outlineDifference = (planned: string, other: string): string => {
  const [version, locktime, inputs, outputs] = JSON.parse(planned) as Outline;
  const [itsVersion, itsLocktime, itsInputs, itsOutputs] = JSON.parse(other) as Outline;
  const coins = (list: Outline[2]) => list.map(([hash, index]) => `${hash}:${index}`).join();
  if (coins(inputs) !== coins(itsInputs)) return 'it spends other coins than planned';
  if (JSON.stringify(outputs) !== JSON.stringify(itsOutputs)) return 'it pays other outputs than planned';
  if (version !== itsVersion || locktime !== itsLocktime) return 'its version or locktime is not the planned one';
  return 'its sequence numbers are not the planned ones';
};
