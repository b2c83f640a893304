import {payments, script as scripts, Transaction} from 'bitcoinjs-lib';
import {scriptFor} from '../../descriptors/index.ts';
import {type AccountSecret, keyPathTweak, wipe} from './account.ts';
import type {Allowance} from './allowance.ts';
import {inspectPsbt, type Inspected, type OwnInput, Refusal} from './inspect-psbt.ts';

/** vbytes by which a signature may come out shorter than the plan counted on. */
const SLACK_PER_INPUT = 2;
const {SIGHASH_ALL, SIGHASH_DEFAULT} = Transaction;

/**
 * Signs every input of a PSBT for the account and returns the whole transaction. Every signature covers all of it, and is
 * made over what was checked: nothing else that the PSBT holds counts. The same PSBT gives the same bytes (RFC 6979,
 * BIP340 without auxiliary randomness). Throws Refusal.
 */
export const signPsbt = (
  bytes: Uint8Array,
  account: AccountSecret,
  maxRate: number,
  allowance: Allowance,
): Uint8Array => {
  const inspected = inspectPsbt(bytes, account);
  const {unsigned, inputs, leaving, fee} = inspected;
  allowance.require(inputs, leaving);
  // The library's own signer looks at every input again for each one: a minute for a thousand.
  const signed = unsigned.clone();
  for (const [index, input] of inputs.entries()) signInput(signed, index, input, inspected, account);
  requireRate(signed, fee, maxRate);
  allowance.count(inputs, leaving);
  return signed.toBuffer();
};

/** Hashes are made over `unsigned`: what was signed before does not count in them, but a script would. */
const signInput = (
  signed: Transaction,
  index: number,
  {place, amount, scriptPubKey}: OwnInput,
  {unsigned, inputs}: Inspected,
  account: AccountSecret,
): void => {
  const key = account.derive(place.branch, place.index);
  const {publicKey} = key;
  const {type} = account.branches[place.branch];
  const sign = (hash: Uint8Array) => scripts.signature.encode(key.sign(hash), SIGHASH_ALL);
  try {
    switch (type) {
      case 'legacy': {
        const signature = sign(unsigned.hashForSignature(index, scriptPubKey, SIGHASH_ALL));
        signed.setInputScript(index, scripts.compile([signature, publicKey]));
        return;
      }
      case 'segwit':
      case 'nested': {
        // BIP143: what is signed for P2WPKH is the script of P2PKH.
        const code = payments.p2pkh({pubkey: publicKey}).output!;
        const signature = sign(unsigned.hashForWitnessV0(index, code, amount, SIGHASH_ALL));
        signed.setWitness(index, [signature, publicKey]);
        if (type === 'nested') signed.setInputScript(index, scripts.compile([scriptFor('segwit', publicKey)]));
        return;
      }
      case 'taproot': {
        const spent = inputs.map(input => input.scriptPubKey);
        const amounts = inputs.map(input => input.amount);
        const hash = unsigned.hashForWitnessV1(index, spent, amounts, SIGHASH_DEFAULT);
        signed.setWitness(index, [key.tweak(keyPathTweak(publicKey)).signSchnorr(hash)]);
        return;
      }
      default:
        return type satisfies never;
    }
  } finally {
    wipe(key);
  }
};

const requireRate = (signed: Transaction, fee: bigint, maxRate: number): void => {
  const size = signed.virtualSize() + SLACK_PER_INPUT * signed.ins.length;
  const highest = (BigInt(size) * BigInt(Math.round(maxRate * 1000))) / 1000n;
  if (fee > highest)
    throw new Refusal(
      `its fee ${fee} for ${signed.virtualSize()} vbytes is above the ${maxRate} per vB that the signer was started with`,
    );
};
