import {Psbt, type Transaction, toXOnly} from 'bitcoinjs-lib';
import {scriptFor} from '../../descriptors/index.ts';
import {type AccountSecret, keyPathTweak, wipe} from './account.ts';
import type {Allowance} from './allowance.ts';
import {inspectPsbt, type Inspected, type OwnInput, Refusal} from './inspect-psbt.ts';

/** vbytes by which a signature may come out shorter than the plan counted on. */
const SLACK_PER_INPUT = 2;

/**
 * Signs every input of a PSBT for the account and returns the whole transaction. What is signed is built anew from what
 * was checked: nothing else that the PSBT holds gets in. The same PSBT gives the same bytes (RFC 6979, BIP340 without
 * auxiliary randomness). Throws Refusal.
 */
export const signPsbt = (
  bytes: Uint8Array,
  account: AccountSecret,
  maxRate: number,
  allowance: Allowance,
): Uint8Array => {
  const inspected = inspectPsbt(bytes, account);
  const {inputs, leaving, fee} = inspected;
  allowance.require(inputs, leaving);
  const psbt = rebuild(inspected, account);
  for (const [index, input] of inputs.entries()) signInput(psbt, index, input, account);
  const signed = psbt.finalizeAllInputs().extractTransaction(true);
  requireRate(signed, fee, maxRate);
  allowance.count(inputs, leaving);
  return signed.toBuffer();
};

const rebuild = ({unsigned, inputs}: Inspected, account: AccountSecret): Psbt => {
  const psbt = new Psbt().setVersion(unsigned.version).setLocktime(unsigned.locktime);
  for (const [position, own] of inputs.entries()) {
    const {hash, index, sequence} = unsigned.ins[position]!;
    psbt.addInput({hash, index, sequence, ...spending(own, account)});
  }
  for (const {script, value} of unsigned.outs) psbt.addOutput({script, value});
  return psbt;
};

/** What a signature of this kind of script needs to know of the coin. */
const spending = ({scriptPubKey: script, amount: value, previous, place}: OwnInput, account: AccountSecret) => {
  const {type} = account.branches[place.branch];
  if (type === 'legacy') return {nonWitnessUtxo: previous!};
  if (type === 'segwit') return {witnessUtxo: {script, value}};
  const key = account.derive(place.branch, place.index);
  const {publicKey} = key;
  wipe(key);
  return type === 'taproot'
    ? {witnessUtxo: {script, value}, tapInternalKey: toXOnly(publicKey)}
    : {witnessUtxo: {script, value}, redeemScript: scriptFor('segwit', publicKey)};
};

const signInput = (psbt: Psbt, index: number, {place}: OwnInput, account: AccountSecret): void => {
  const key = account.derive(place.branch, place.index);
  const isTaproot = account.branches[place.branch].type === 'taproot';
  try {
    psbt.signInput(index, isTaproot ? key.tweak(keyPathTweak(key.publicKey)) : key);
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
