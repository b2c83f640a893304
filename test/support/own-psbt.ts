import {Psbt, Transaction} from 'bitcoinjs-lib';
import type {ScriptType} from '../../source/coins/index.ts';
import {type Branch, BranchDeriver, type WalletKeys, writePath} from '../../source/descriptors/index.ts';

/** A coin of a wallet, and the PSBT fields that say so. */
export interface OwnCoin {
  readonly amount: bigint;
  readonly branch?: Branch;
  readonly index?: number;
  /** Told apart from another coin of the same amount and address. */
  readonly number?: number;
}

export interface PsbtOutput {
  readonly amount: bigint;
  /** Change of the wallet at this index; else somebody else's script. */
  readonly change?: number;
  readonly script?: Uint8Array;
}

/** P2WPKH of nobody. */
const STRANGER = Buffer.concat([Buffer.from('0014', 'hex'), Buffer.alloc(20, 9)]);

/** PSBTs as a wallet would make them, for coins that no chain has. */
export class PsbtMaker {
  readonly #derivers: Readonly<Record<Branch, BranchDeriver>>;
  readonly #type: ScriptType;

  constructor(keys: WalletKeys) {
    this.#derivers = {receive: new BranchDeriver(keys.receive), change: new BranchDeriver(keys.change)};
    this.#type = keys.receive.type;
  }

  script(branch: Branch, index: number): Buffer {
    return this.#derivers[branch].at(index).scriptPubKey;
  }

  /** The transaction that made the coin. */
  previous({amount, branch = 'receive', index = 0, number = 0}: OwnCoin): Transaction {
    const transaction = new Transaction();
    transaction.version = 2;
    transaction.addInput(Buffer.alloc(32, number + 1), 0);
    transaction.addOutput(this.script(branch, index), amount);
    return transaction;
  }

  /** Fields that name the key of an address. */
  derivation(branch: Branch, index: number) {
    const {masterFingerprint, path: steps, publicKey} = this.#derivers[branch].at(index);
    const path = `m${writePath(steps).replaceAll('h', "'")}`;
    if (this.#type !== 'taproot') return {bip32Derivation: [{masterFingerprint, path, pubkey: publicKey}]};
    const pubkey = publicKey.subarray(1);
    return {tapInternalKey: pubkey, tapBip32Derivation: [{masterFingerprint, path, pubkey, leafHashes: []}]};
  }

  psbt(coins: readonly OwnCoin[], outputs: readonly PsbtOutput[]): Psbt {
    const psbt = new Psbt();
    const made = coins.map(coin => this.previous(coin));
    for (const previous of made) psbt.addInput({hash: previous.getHash(), index: 0, sequence: 0xfffffffd});
    for (const {amount, change, script = STRANGER} of outputs)
      psbt.addOutput({
        value: amount,
        ...(change === undefined
          ? {script}
          : {script: this.script('change', change), ...this.derivation('change', change)}),
      });
    // Beside the library's checks, which look at every input for each one.
    for (const [index, {amount, branch = 'receive', index: at = 0}] of coins.entries())
      psbt.data.updateInput(index, {
        ...(this.#type === 'legacy'
          ? {nonWitnessUtxo: made[index]!.toBuffer()}
          : {witnessUtxo: {script: this.script(branch, at), value: amount}}),
        ...this.derivation(branch, at),
      });
    return psbt;
  }
}
