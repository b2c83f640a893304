import {script, Transaction} from 'bitcoinjs-lib';
import type {TransactionPlan} from '../../payout/ports.ts';
import {SEQUENCE} from '../../payout/verify.ts';
import {txidToWire} from '../../primitives/ids.ts';
import {multisigScript, type Multisig} from './multisig.ts';

/** Stands where the signature of the co-signer will be, so that the size is that of the complete transaction. */
const VACANT = Buffer.alloc(72);
const SIGHASH_ALL = Buffer.from([Transaction.SIGHASH_ALL]);

/** Hex public key -> DER signature without a hash type. */
export type Signatures = ReadonlyMap<string, Buffer>;

/** The plan, field by field, with nothing signed. */
export const unsignedOf = (plan: TransactionPlan): Transaction => {
  const transaction = new Transaction();
  transaction.version = 2;
  for (const {outpoint} of plan.inputs) transaction.addInput(txidToWire(outpoint.txid), outpoint.vout, SEQUENCE);
  for (const {scriptPubKey, amount} of plan.outputs) transaction.addOutput(scriptPubKey, amount);
  return transaction;
};

/** Puts signatures into an input, in the order of the keys in its script; those that are not there yet stay vacant. */
export const placeSignatures = (
  transaction: Transaction,
  index: number,
  multisig: Multisig,
  signatures: Signatures,
): void => {
  const {publicKeys, required, type} = multisig;
  const missing = Math.max(0, required - signatures.size);
  let vacancies = missing;
  const items: Buffer[] = [];
  for (const key of publicKeys) {
    if (items.length === required) break;
    const signature = signatures.get(key.toString('hex'));
    if (signature !== undefined) items.push(Buffer.concat([signature, SIGHASH_ALL]));
    else if (vacancies > 0) {
      vacancies -= 1;
      items.push(VACANT);
    }
  }
  const stack = [Buffer.alloc(0), ...items, multisigScript(multisig)];
  // OP_0 of CHECKMULTISIG's famous extra item.
  if (type === 'P2SH') transaction.setInputScript(index, script.compile([0x00, ...stack.slice(1)]));
  else transaction.setWitness(index, stack);
};

export interface HalfSigned {
  /** As block.io takes it: no input signed. */
  readonly unsigned: string;
  readonly signatures: readonly {
    readonly input_index: number;
    readonly public_key: string;
    readonly signature: string;
  }[];
}

/** What there is to submit of bytes in which signatures are missing, where every key has to sign; undefined when all are there. */
export const readHalfSigned = (raw: Buffer): HalfSigned | undefined => {
  const transaction = Transaction.fromBuffer(raw);
  if (!transaction.ins.some(({witness}) => witness.some(item => VACANT.equals(item)))) return undefined;
  const signatures = transaction.ins.flatMap(({witness}, input_index) => {
    // The empty item first, the script last.
    const keys = (script.decompile(witness.at(-1)!) ?? []).slice(1, -2) as Uint8Array[];
    return witness.slice(1, -1).flatMap((item, position) =>
      VACANT.equals(item)
        ? []
        : [
            {
              input_index,
              public_key: Buffer.from(keys[position]!).toString('hex'),
              signature: Buffer.from(item.subarray(0, -1)).toString('hex'),
            },
          ],
    );
  });
  const unsigned = transaction.clone();
  for (const index of unsigned.ins.keys()) unsigned.setWitness(index, []);
  return {unsigned: unsigned.toHex(), signatures};
};
