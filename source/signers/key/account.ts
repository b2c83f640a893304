import {type BIP32API, BIP32Factory, type BIP32Interface} from 'bip32';
import {crypto, initEccLib, toXOnly} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import type {Coin, Network, ScriptType} from '../../coins/index.ts';
import {type Branch, type BranchKeys, HARDENED, type WalletKeys, writePath} from '../../descriptors/index.ts';
import {EngineError} from '../../primitives/errors.ts';

initEccLib(ecc);
const bip32: BIP32API = BIP32Factory(ecc);

/** What of a network the derivation of keys needs. */
export type KeyNetwork = Pick<Network, 'name' | 'bip32'>;

/** One branch of the wallet as its descriptor says it, in plain values that cross to another process. */
export interface SignerBranch {
  readonly type: ScriptType;
  /** Of the master key: 8 hex digits. */
  readonly fingerprint: string;
  /** Steps from the master key to `xpub`; hardened ones are 2^31 and above. */
  readonly path: readonly number[];
  readonly xpub: string;
  /** From `xpub` to where the indexes begin. */
  readonly steps: readonly number[];
}

export type SignerBranches = Readonly<Record<Branch, SignerBranch>>;

/** Throws `wrong_key` for a wallet that does not say from which master key it comes: nobody could find its key again. */
export const signerBranches = ({receive, change}: WalletKeys): SignerBranches => ({
  receive: signerBranch(receive),
  change: signerBranch(change),
});

const signerBranch = ({type, origin, key, steps}: BranchKeys): SignerBranch => {
  if (origin === undefined)
    throw new EngineError(
      'wrong_key',
      "the wallet's descriptor does not say where its key comes from; expected [fingerprint/path] before the xpub, as `key show` prints it",
    );
  return {
    type,
    fingerprint: origin.fingerprint.toString('hex'),
    path: origin.path,
    xpub: key.toBase58(),
    steps,
  };
};

/** The purpose field of the path: BIP44, BIP49, BIP84, BIP86. */
const PURPOSE: Readonly<Record<ScriptType, number>> = {legacy: 44, nested: 49, segwit: 84, taproot: 86};
const TEST_COIN_TYPE = 1;

/** Where an account of its own stands below the master key (BIP44 and those that follow it). */
export const accountPath = (type: ScriptType, coin: Coin, network: KeyNetwork, account = 0): readonly number[] => {
  const coinType = network.name === 'mainnet' ? coin.hdCoinType : TEST_COIN_TYPE;
  return [PURPOSE[type], coinType, account].map(step => step + HARDENED);
};

/** `84h/0h/0h` */
export const pathText = (path: readonly number[]): string => writePath(path).slice(1);

/** Fingerprint of the master key, and the extended public key at a path. Everything private on the way is wiped. */
export const publicKeyAt = (
  seed: Uint8Array,
  network: KeyNetwork,
  path: readonly number[],
): {fingerprint: string; xpub: string} => {
  const {fingerprint, node} = derivePath(seed, network, path);
  const xpub = node.neutered().toBase58();
  wipe(node);
  return {fingerprint, xpub};
};

const derivePath = (seed: Uint8Array, network: KeyNetwork, path: readonly number[]) => {
  let node = bip32.fromSeed(seed, {wif: 0, bip32: network.bip32});
  const fingerprint = Buffer.from(node.fingerprint).toString('hex');
  for (const step of path) {
    const child = node.derive(step);
    wipe(node);
    node = child;
  }
  return {fingerprint, node};
};

/** Overwrites the private half of a derived key: what JavaScript can forget. */
export const wipe = (node: BIP32Interface): void => {
  node.privateKey?.fill(0);
};

/** What signs for one wallet: the keys of its two branches. Neither seed nor master key is kept. */
export class AccountSecret {
  readonly branches: SignerBranches;
  readonly #nodes: Readonly<Record<Branch, BIP32Interface>>;

  private constructor(branches: SignerBranches, nodes: Readonly<Record<Branch, BIP32Interface>>) {
    this.branches = branches;
    this.#nodes = nodes;
  }

  /** `seed` is the caller's to wipe. Throws `wrong_key` when a branch is not of this seed. */
  static fromSeed(seed: Uint8Array, network: KeyNetwork, branches: SignerBranches): AccountSecret {
    for (const {fingerprint, path, xpub} of Object.values(branches)) {
      const found = publicKeyAt(seed, network, path);
      if (found.fingerprint !== fingerprint || found.xpub !== xpub)
        throw new EngineError(
          'wrong_key',
          `the wallet's descriptor is not of this key: at ${pathText(path)} of ${found.fingerprint} stands ${found.xpub}`,
        );
    }
    const nodeOf = ({path, steps}: SignerBranch) => derivePath(seed, network, [...path, ...steps]).node;
    return new AccountSecret(branches, {receive: nodeOf(branches.receive), change: nodeOf(branches.change)});
  }

  /** The key of one address. To be wiped after use. */
  derive(branch: Branch, index: number): BIP32Interface {
    const key = this.#nodes[branch].derive(index);
    // As a node's wallet does: signatures have the size that the plan counted on. Still the same for the same bytes.
    key.lowR = true;
    return key;
  }

  wipe(): void {
    for (const node of Object.values(this.#nodes)) wipe(node);
  }
}

/** What a taproot key is tweaked by when nothing but the key path can spend it (BIP86). */
export const keyPathTweak = (publicKey: Uint8Array): Uint8Array => crypto.taggedHash('TapTweak', toXOnly(publicKey));
