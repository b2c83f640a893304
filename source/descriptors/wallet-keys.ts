import {createHash} from 'node:crypto';
import type {BIP32Interface} from 'bip32';
import {payments} from 'bitcoinjs-lib';
import type {ScriptType} from '../coins/index.ts';
import {descriptorChecksum} from './checksum.ts';
import {writePath} from './path.ts';

/** Where an extended key comes from, as signing devices know it. */
export interface KeyOrigin {
  /** Of the master key, 4 bytes. */
  readonly fingerprint: Buffer;
  /** Steps from the master key to the extended key; hardened ones are 2^31 and above. */
  readonly path: readonly number[];
}

export const BRANCHES = ['receive', 'change'] as const;
export type Branch = (typeof BRANCHES)[number];

/** One branch of a wallet: a key an index. */
export interface BranchKeys {
  readonly type: ScriptType;
  readonly origin: KeyOrigin | undefined;
  /** In the network's own version bytes. */
  readonly key: BIP32Interface;
  /** Unhardened steps between the extended key and the index. */
  readonly steps: readonly number[];
}

/** Everything that a wallet's addresses come from. */
export type WalletKeys = Readonly<Record<Branch, BranchKeys>>;

export interface DerivedKey {
  readonly scriptPubKey: Buffer;
  /** Compressed, 33 bytes. */
  readonly publicKey: Buffer;
  /** Master key fingerprint and steps from it, as a PSBT names them (BIP174). */
  readonly masterFingerprint: Buffer;
  readonly path: readonly number[];
}

const scriptOfKey = (type: ScriptType, pubkey: Uint8Array): Uint8Array | undefined => {
  switch (type) {
    case 'legacy':
      return payments.p2pkh({pubkey}).output;
    case 'nested':
      return payments.p2sh({redeem: payments.p2wpkh({pubkey})}).output;
    case 'segwit':
      return payments.p2wpkh({pubkey}).output;
    case 'taproot':
      return payments.p2tr({internalPubkey: pubkey.subarray(1)}).output;
    default:
      return type satisfies never;
  }
};

/** The script of a wallet's address with this key. */
export const scriptFor = (type: ScriptType, publicKey: Uint8Array): Buffer =>
  Buffer.from(scriptOfKey(type, publicKey)!);

/** The P2WPKH program inside a nested address: its redeem script. */
export const witnessScriptFor = (publicKey: Uint8Array): Buffer =>
  Buffer.from(payments.p2wpkh({pubkey: publicKey}).output!);

/** Derives keys and scripts of one branch; the steps that all of them share are made once. Needs no network. */
export class BranchDeriver {
  readonly #branch: BranchKeys;
  readonly #parent: BIP32Interface;

  constructor(branch: BranchKeys) {
    this.#branch = branch;
    this.#parent = branch.steps.reduce((key, step) => key.derive(step), branch.key);
  }

  at(index: number): DerivedKey {
    const {type, origin, key, steps} = this.#branch;
    const publicKey = Buffer.from(this.#parent.derive(index).publicKey);
    return {
      scriptPubKey: scriptFor(type, publicKey),
      publicKey,
      // Without an origin the extended key itself is the master, as Bitcoin Core has it too.
      masterFingerprint: origin?.fingerprint ?? Buffer.from(key.fingerprint),
      path: [...(origin?.path ?? []), ...steps, index],
    };
  }
}

const FORMS: Readonly<Record<ScriptType, (inside: string) => string>> = {
  legacy: inside => `pkh(${inside})`,
  nested: inside => `sh(wpkh(${inside}))`,
  segwit: inside => `wpkh(${inside})`,
  taproot: inside => `tr(${inside})`,
};

/** The wallet of branches 0 and 1 below one extended key as one descriptor (BIP389), checksum included. */
export const writeAccount = (type: ScriptType, {fingerprint, path}: KeyOrigin, xpub: string): string => {
  const descriptor = FORMS[type](`[${fingerprint.toString('hex')}${writePath(path)}]${xpub}/<0;1>/*`);
  return `${descriptor}#${descriptorChecksum(descriptor)}`;
};

/** The branch as a descriptor of its own, checksum included, for the node's wallet tools. */
export const writeDescriptor = ({type, origin, key, steps}: BranchKeys): string => {
  const from = origin === undefined ? '' : `[${origin.fingerprint.toString('hex')}${writePath(origin.path)}]`;
  const descriptor = FORMS[type](`${from}${key.toBase58()}${writePath(steps)}/*`);
  return `${descriptor}#${descriptorChecksum(descriptor)}`;
};

/**
 * Names what the scripts of a branch come from: 32 hex digits. The same for the same scripts: how the key is written and
 * where it comes from, which a device may need to be told later, are left out.
 */
export const branchFingerprint = ({type, key, steps}: BranchKeys): string =>
  createHash('sha256')
    .update(
      FORMS[type](
        `${Buffer.from(key.publicKey).toString('hex')}${Buffer.from(key.chainCode).toString('hex')}${writePath(steps)}/*`,
      ),
    )
    .digest('hex')
    .slice(0, 32);
