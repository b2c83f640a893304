import type {SignAnswer, Signer, TransactionPlan} from '../../payout/ports.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {AddressBook} from './address-book.ts';
import {placeSignatures, unsignedOf} from './cosigned.ts';
import {isFail} from './faults.ts';
import type {Keyring} from './keyring.ts';
import {signatureHash, type Multisig} from './multisig.ts';
import type {SigningKey} from './signing-key.ts';
import {strangeness, type WalletKind} from './wallet-kind.ts';

/**
 * Builds the transaction from the plan itself, so that block.io chooses nothing of it, and signs with our keys. A dtrust
 * wallet's is complete then. A basic wallet's lacks block.io's signature, whose place is kept free: the txid is final
 * all the same, since signatures of witness inputs are no part of it; whoever sends it has it co-signed.
 */
export class BlockIoSigner implements Signer {
  readonly #book: AddressBook;
  readonly #keyring: Keyring;
  readonly #kind: WalletKind;

  constructor(book: AddressBook, keyring: Keyring, kind: WalletKind) {
    this.#book = book;
    this.#keyring = keyring;
    this.#kind = kind;
  }

  /** block.io has no locks: the ledger's own reservation holds. */
  async lock(): Promise<void> {}

  async unlock(): Promise<void> {}

  async sign(plan: TransactionPlan): Promise<SignAnswer> {
    try {
      const multisigs = await this.#book.multisigs(plan);
      const keys = await this.#keyring.open(this.#book.userKey);
      return {kind: 'signed', raw: this.#signed(plan, multisigs, keys)};
    } catch (error) {
      return answerOf(error);
    }
  }

  #signed(plan: TransactionPlan, multisigs: readonly Multisig[], keys: readonly SigningKey[]): Buffer {
    const transaction = unsignedOf(plan);
    const ours = keys.map(({publicKey}) => publicKey.toString('hex'));
    for (const [index, multisig] of multisigs.entries()) {
      const {amount, scriptPubKey} = plan.inputs[index]!;
      const strange = strangeness(multisig, this.#kind, ours);
      if (strange !== undefined)
        throw new EngineError(
          'wallet_mismatch',
          `input ${index} (script ${scriptPubKey.toString('hex')}) has ${strange}: nothing was signed`,
        );
      const hash = signatureHash(transaction, index, multisig, amount);
      const signatures = new Map(keys.map(key => [key.publicKey.toString('hex'), key.sign(hash)]));
      placeSignatures(transaction, index, multisig, signatures);
    }
    return Buffer.from(transaction.toBuffer());
  }
}

const answerOf = (error: unknown): SignAnswer => {
  if (!(error instanceof EngineError)) throw error;
  const {code, message: words} = error;
  // Perhaps of one coin only, such as change that block.io does not count before it is in a block.
  if (isFail(error, 'other', 'inputs-unavailable')) return {kind: 'refused', words: error.words};
  if (code === 'wallet_locked') return {kind: 'locked', words};
  if (code === 'backend_auth') return {kind: 'unauthorized', words};
  // A wallet that is not what it must be: held for all payouts, until somebody has looked.
  if (code === 'wallet_mismatch' || code === 'bad_key') return {kind: 'wallet-missing', words};
  return {kind: 'unavailable', words};
};
