import {BIP32Factory, type BIP32Interface} from 'bip32';
import * as ecc from 'tiny-secp256k1';
import type {Coin, Network, ScriptType} from '../coins/index.ts';

const bip32 = BIP32Factory(ecc);

/** BIP32's serialization: 78 bytes in base58check. */
const BASE58_KEY = /[1-9A-HJ-NP-Za-km-z]{100,115}/g;
/** A single private key as Bitcoin Core writes it, compressed or not; other coins' begin with other letters. */
const WIF = /(?<![1-9A-HJ-NP-Za-km-z])[1-9A-HJ-NP-Za-km-z]{51,52}(?![1-9A-HJ-NP-Za-km-z])/g;
/** xprv, tprv, zprv, Ltpv, dgpv, …: also when the rest is cut off or mistyped. */
const PRIVATE_NAME = /(?<![0-9A-Za-z])[A-Za-z]{1,3}(?:prv|pv)[1-9A-HJ-NP-Za-km-z]{4,}/g;

/** A text with everything in it that is or may be a private key blackened. */
export const withoutPrivateKeys = (text: string): string =>
  text
    .replaceAll(PRIVATE_NAME, '***')
    .replaceAll(BASE58_KEY, key => (isPrivate(key) ? '***' : key))
    .replaceAll(WIF, '***');

export const holdsPrivateKey = (text: string): boolean => withoutPrivateKeys(text) !== text;

const versions = (version: {readonly public: number; readonly private: number}) => ({
  wif: 0,
  bip32: {public: version.public, private: version.private},
});

const read = (
  text: string,
  version: {readonly public: number; readonly private: number},
): BIP32Interface | undefined => {
  try {
    return bip32.fromBase58(text, versions(version));
  } catch {
    // Of another network, or no key at all: the caller tries the others and says so.
    return undefined;
  }
};

/** Whether a key of any version bytes holds the private half: its first byte is zero where a public one has 2 or 3. */
const isPrivate = (text: string): boolean => {
  let value = 0n;
  for (const character of text) {
    const digit = BASE58.indexOf(character);
    if (digit < 0) return false;
    value = value * 58n + BigInt(digit);
  }
  // 78 bytes and a checksum of four; the key's first byte is the 46th.
  return ((value >> BigInt(8 * (82 - 46))) & 0xffn) === 0n;
};
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export type KeyReading =
  /** `type`: what its version bytes say its addresses are; undefined for BIP32's own, which say nothing. */
  | {readonly kind: 'key'; readonly node: BIP32Interface; readonly type: ScriptType | undefined}
  | {readonly kind: 'refused'; readonly words: string};

/** Reads an extended public key of this network, in BIP32's or in any of the wallets' own version bytes. */
export const readExtendedKey = (text: string, coin: Coin, network: Network): KeyReading => {
  const own = readOf(text, network);
  if (own !== undefined) return own;
  for (const other of Object.values(coin.networks))
    if (readOf(text, other) !== undefined)
      return {
        kind: 'refused',
        words: `holds a key of ${coin.unit} ${other.name}, but \`network\` is ${network.name}; expected both to be the same`,
      };
  return {
    kind: 'refused',
    words: `holds an extended key that is mistyped or of another coin; expected one that begins with ${namesOf(network)}`,
  };
};

const readOf = (text: string, network: Network): (KeyReading & {kind: 'key'}) | undefined => {
  const plain = read(text, network.bip32);
  if (plain !== undefined) return {kind: 'key', node: plain, type: undefined};
  for (const version of network.keyVersions ?? []) {
    const node = read(text, version);
    if (node === undefined) continue;
    // One key has one name here, whatever was copied.
    node.network = versions(network.bip32);
    return {kind: 'key', node, type: version.type};
  }
  return undefined;
};

const SAMPLE = Buffer.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex');

/** `xpub, ypub or zpub`: what this network's keys look like. */
const namesOf = (network: Network): string => {
  const names = [network.bip32, ...(network.keyVersions ?? [])].map(version =>
    bip32.fromPublicKey(SAMPLE, Buffer.alloc(32), versions(version)).toBase58().slice(0, 4),
  );
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names[0]!;
};
