import {Psbt, Transaction} from 'bitcoinjs-lib';
import type {DerivedScripts} from '../chain/ports.ts';
import type {ScriptType} from '../coins/index.ts';
import {
  BranchDeriver,
  witnessScriptFor,
  writePath,
  type Branch,
  type DerivedKey,
  type WalletKeys,
} from '../descriptors/index.ts';
import {EngineError} from '../primitives/errors.ts';
import {txidToWire, type Txid} from '../primitives/ids.ts';
import type {PreviousTransactions, TransactionPlan} from '../payout/ports.ts';
import {SEQUENCE} from '../payout/verify.ts';

export interface PsbtParts {
  readonly keys: WalletKeys;
  readonly scripts: Pick<DerivedScripts, 'find'>;
  readonly previous: PreviousTransactions;
}

const VERSION = 2;

/**
 * The plan as an unsigned PSBT (BIP174), from which a signer that knows nothing else can tell what it spends, with which
 * keys, and which output is the wallet's own. The same plan gives the same bytes. Throws `wallet_mismatch` when the
 * wallet's keys do not make the plan's scripts, `psbt_impossible` when a legacy input's transaction is not known.
 */
export const createPsbtBuilder = (parts: PsbtParts): ((plan: TransactionPlan) => Promise<Buffer>) => {
  const {receive, change} = parts.keys;
  const derivers = {receive: new BranchDeriver(receive), change: new BranchDeriver(change)};
  return async plan => {
    const scripts = [...plan.inputs, ...plan.outputs].map(({scriptPubKey}) => scriptPubKey);
    const [found, raws] = await Promise.all([parts.scripts.find(scripts), previousOf(parts, plan)]);
    const owners = found.map((derived, index): Owner | undefined => {
      if (derived === undefined) return undefined;
      const key = derivers[derived.branch].at(derived.index);
      if (!key.scriptPubKey.equals(scripts[index]!)) throw mismatch(derived.branch, derived.index);
      return {key, type: parts.keys[derived.branch].type};
    });
    return build(plan, owners, raws);
  };
};

interface Owner {
  readonly key: DerivedKey;
  readonly type: ScriptType;
}

const mismatch = (branch: Branch, index: number): EngineError =>
  new EngineError(
    'wallet_mismatch',
    `the wallet's keys do not make the script that the ledger holds for ${branch} ${index}`,
  );

/** Raw transactions of the coins that are spent, by txid; those that cannot be had are left out. */
const previousOf = async ({previous}: PsbtParts, plan: TransactionPlan): Promise<Map<Txid, Transaction>> => {
  const txids = [...new Set(plan.inputs.map(({outpoint}) => outpoint.txid))];
  const raws = await previous.rawTransactions(txids);
  const read = new Map<Txid, Transaction>();
  for (const [index, txid] of txids.entries()) {
    const transaction = readTransaction(raws[index]);
    if (transaction !== undefined) read.set(txid, transaction);
  }
  return read;
};

/** Undefined also for serializations that the library does not know (MWEB): a witness input does without. */
const readTransaction = (raw: Buffer | undefined): Transaction | undefined => {
  if (raw === undefined) return undefined;
  try {
    return Transaction.fromBuffer(raw);
  } catch {
    return undefined;
  }
};

const build = (
  plan: TransactionPlan,
  owners: readonly (Owner | undefined)[],
  previous: ReadonlyMap<Txid, Transaction>,
): Buffer => {
  const psbt = new Psbt();
  psbt.setVersion(VERSION);
  psbt.setLocktime(0);
  for (const {outpoint} of plan.inputs)
    psbt.addInput({hash: txidToWire(outpoint.txid), index: outpoint.vout, sequence: SEQUENCE});
  for (const [vout, output] of plan.outputs.entries())
    psbt.addOutput({
      script: output.scriptPubKey,
      value: output.amount,
      ...keyOf(owners[plan.inputs.length + vout]),
    });
  // Last, and not by addInput: whatever is added looks at the fields of all inputs, which took twenty seconds for 500.
  for (const [index, input] of plan.inputs.entries())
    psbt.data.updateInput(index, {
      ...spentBy(input, owners[index], previous.get(input.outpoint.txid)),
      ...keyOf(owners[index]),
    });
  return Buffer.from(psbt.toBuffer());
};

const isLegacy = (scriptPubKey: Buffer): boolean => scriptPubKey.length === 25 && scriptPubKey[0] === 0x76;
const isTaproot = (scriptPubKey: Buffer): boolean => scriptPubKey.length === 34 && scriptPubKey[0] === 0x51;

/**
 * What the signature is about. Witness version 0 gets the whole transaction too, without which a device cannot trust the
 * amount (CVE-2020-14199); version 1 signs every amount itself.
 */
const spentBy = (
  {outpoint, amount, scriptPubKey}: TransactionPlan['inputs'][number],
  owner: Owner | undefined,
  previous: Transaction | undefined,
) => {
  const witnessUtxo = {script: scriptPubKey, value: amount};
  if (isTaproot(scriptPubKey)) return {witnessUtxo};
  const whole = previous && {nonWitnessUtxo: previous.toBuffer()};
  if (isLegacy(scriptPubKey)) {
    if (whole === undefined)
      throw new EngineError(
        'psbt_impossible',
        `transaction ${outpoint.txid}, whose coin is to be spent, is not in the ledger`,
      );
    return whole;
  }
  const redeemScript = owner?.type === 'nested' ? {redeemScript: witnessScriptFor(owner.key.publicKey)} : {};
  return {witnessUtxo, ...whole, ...redeemScript};
};

/** Which key it is, as devices look it up. */
const keyOf = (owner: Owner | undefined) => {
  if (owner === undefined) return {};
  const {masterFingerprint, path, publicKey} = owner.key;
  const derivation = {masterFingerprint, path: `m${writePath(path).replaceAll('h', "'")}`};
  if (owner.type !== 'taproot') return {bip32Derivation: [{...derivation, pubkey: publicKey}]};
  const internal = publicKey.subarray(1);
  return {tapInternalKey: internal, tapBip32Derivation: [{...derivation, pubkey: internal, leafHashes: []}]};
};
