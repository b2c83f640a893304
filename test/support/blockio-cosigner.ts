import {Psbt, script, Transaction} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import {publicKeyOf} from './blockio-account.ts';
import type {RegtestNode} from './regtest-node.ts';

/** What block.io answers with `status: fail`. */
export class Refused extends Error {}

/** `transaction_data` of submit_transaction. */
export interface Submission {
  readonly tx_hex: string;
  readonly signatures: readonly {
    readonly input_index: number;
    readonly public_key: string;
    readonly signature: string;
  }[];
}

interface TxOut {
  readonly value: number;
  readonly scriptPubKey: {readonly address: string; readonly hex: string};
}

/** The key that block.io has in an address, and the address's script. */
type TheirKey = (address: string) => {readonly key: Buffer; readonly witnessScript: Uint8Array} | undefined;

/** Checks the signatures that were given, adds block.io's own, and gives the whole transaction in hex. */
export const coSign = async (node: RegtestNode, {tx_hex, signatures}: Submission, keyOf: TheirKey): Promise<string> => {
  const unsigned = Transaction.fromHex(tx_hex);
  const psbt = new Psbt().setVersion(unsigned.version).setLocktime(unsigned.locktime);
  for (const {hash, index, sequence} of unsigned.ins) psbt.addInput({hash, index, sequence});
  for (const output of unsigned.outs) psbt.addOutput({script: output.script, value: output.value});
  for (const [index, input] of unsigned.ins.entries()) {
    const coin = await coinOf(node, Buffer.from(input.hash).reverse().toString('hex'), input.index);
    const theirs = coin === null ? undefined : keyOf(coin.scriptPubKey.address);
    if (coin === null || theirs === undefined)
      throw new Refused('Some inputs are already spent, or are not on your account.');
    const {key, witnessScript} = theirs;
    const value = BigInt(Math.round(coin.value * 1e8));
    const hash = unsigned.hashForWitnessV0(index, witnessScript, value, Transaction.SIGHASH_ALL);
    const partialSig = signatures
      .filter(one => one.input_index === index)
      .map(({public_key, signature}) => {
        const encoded = Buffer.from(`${signature}01`, 'hex');
        const publicKey = Buffer.from(public_key, 'hex');
        if (!ecc.verify(hash, publicKey, script.signature.decode(encoded).signature))
          throw new Refused(`Signature of input ${index} is invalid.`);
        return {pubkey: publicKey, signature: encoded};
      });
    partialSig.push({
      pubkey: publicKeyOf(key),
      signature: Buffer.from(script.signature.encode(ecc.sign(hash, key), Transaction.SIGHASH_ALL)),
    });
    psbt.updateInput(index, {
      witnessUtxo: {script: Buffer.from(coin.scriptPubKey.hex, 'hex'), value},
      witnessScript,
      partialSig,
    });
  }
  return psbt.finalizeAllInputs().extractTransaction(true).toHex();
};

/** Replacements are signed too: what only the mempool has spent is not gone. */
const coinOf = async (node: RegtestNode, txid: string, vout: number): Promise<TxOut | null> =>
  (await node.rpc<TxOut | null>('gettxout', [txid, vout, false])) ??
  (await node.rpc<TxOut | null>('gettxout', [txid, vout, true]));
