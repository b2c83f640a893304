import {address as codec, initEccLib, type Network as LibNetwork} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import {EngineError} from '../primitives/errors.ts';
import type {Coin, Network} from './coin.ts';

initEccLib(ecc);

/** No address has this prefix: stands in where a network has no witness addresses. */
const NO_BECH32 = '-';

const libNetwork = (network: Network, scriptHash = network.scriptHash): LibNetwork => ({
  messagePrefix: '',
  bech32: network.bech32 ?? NO_BECH32,
  bip32: network.bip32,
  pubKeyHash: network.pubKeyHash,
  scriptHash,
  wif: 0,
});

/**
 * scriptPubKey of an address on this network (base58check, bech32 of BIP173, bech32m of BIP350).
 * Throws `bad_address` naming what is wrong: another network's, bad checksum, mixed case, unknown witness version.
 */
export const scriptOf = (address: string, coin: Coin, network: Network): Buffer => {
  const refuse = (why: string) =>
    new EngineError('bad_address', `${why}; expected a ${coin.unit} ${network.name} address`, {field: 'address'});
  if (!/^[\x21-\x7e]{1,200}$/.test(address)) throw refuse('the address holds characters no address has');
  const mistake = knownMistake(address, coin, network);
  if (mistake !== undefined) throw refuse(mistake);
  const script = witnessScript(address, network) ?? otherScript(address, network);
  if (script !== undefined) return script;
  if ((network.ambiguousScriptHashes ?? []).some(version => isBase58Of(address, version)))
    throw refuse('the address has an old form that another coin uses too: ask for its present form');
  // The libraries' words differ by encoding and tell a user little; the cause is always one of these.
  throw refuse('the address is mistyped or belongs to another network or coin');
};

/** What can be said of an address by its look alone. */
const knownMistake = (address: string, coin: Coin, network: Network): string | undefined => {
  const prefix = address.toLowerCase().slice(0, Math.max(0, address.lastIndexOf('1')));
  for (const other of Object.values(coin.networks)) {
    if (other.mweb !== undefined && prefix === other.mweb) return 'MWEB addresses cannot be paid from here';
    if (other.bech32 !== undefined && other.bech32 !== network.bech32 && prefix === other.bech32)
      return `the address is for ${coin.unit} ${other.name}`;
  }
  return undefined;
};

const isBase58Of = (address: string, version: number): boolean => {
  try {
    return codec.fromBase58Check(address).version === version;
  } catch {
    return false;
  }
};

/** Base58, and the witness versions after 0. */
const otherScript = (address: string, network: Network): Buffer | undefined => {
  for (const scriptHash of [network.scriptHash, ...(network.otherScriptHashes ?? [])]) {
    try {
      return Buffer.from(codec.toOutputScript(address, libNetwork(network, scriptHash)));
    } catch {
      // Of another version byte, or no address at all: the caller says so when none fits.
    }
  }
  return undefined;
};

/** Undefined for what is no witness address of this network, and for one that is mistyped. */
const witnessScript = (address: string, network: Network): Buffer | undefined => {
  try {
    return witnessV0Script(address, network);
  } catch {
    return undefined;
  }
};

/**
 * The usual payout address without the library's detour: it tries base58 first, with hashes in plain JavaScript, which
 * costs 0.3 ms an address. Undefined for everything else; throws like the library does.
 */
const witnessV0Script = (address: string, network: Network): Buffer | undefined => {
  if (network.bech32 === undefined || !address.toLowerCase().startsWith(`${network.bech32}1q`)) return undefined;
  const {version, prefix, data} = codec.fromBech32(address);
  if (version !== 0 || prefix !== network.bech32 || (data.length !== 20 && data.length !== 32))
    throw new Error('not a version 0 witness program');
  return Buffer.concat([Buffer.from([0, data.length]), data]);
};

/** Whether `scriptOf` takes it: for addresses that nobody typed. */
export const isAddress = (text: string, coin: Coin, network: Network): boolean => {
  try {
    scriptOf(text, coin, network);
    return true;
  } catch {
    return false;
  }
};

/** The address of a scriptPubKey, or undefined for scripts that have none (bare multisig, OP_RETURN). */
export const addressOf = (scriptPubKey: Uint8Array, network: Network): string | undefined => {
  try {
    return codec.fromOutputScript(scriptPubKey, libNetwork(network));
  } catch {
    return undefined;
  }
};
