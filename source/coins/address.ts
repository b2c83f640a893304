import {address as codec, initEccLib, type Network as LibNetwork} from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import {EngineError} from '../primitives/errors.ts';
import type {Coin, Network} from './coin.ts';

initEccLib(ecc);

const libNetwork = (network: Network): LibNetwork => ({
  messagePrefix: '',
  bech32: network.bech32,
  bip32: {public: 0, private: 0},
  pubKeyHash: network.pubKeyHash,
  scriptHash: network.scriptHash,
  wif: 0,
});

/**
 * scriptPubKey of an address on this network (base58check, bech32 of BIP173, bech32m of BIP350).
 * Throws `bad_address` naming what is wrong: another network's, bad checksum, mixed case, unknown witness version.
 */
export const scriptOf = (address: string, coin: Coin, network: Network): Buffer => {
  const refuse = (why: string) =>
    new EngineError('bad_address', `${why}; expected a ${coin.unit} ${network.name} address`, {field: 'address'});
  if (!/^[\x21-\x7e]{1,120}$/.test(address)) throw refuse('the address holds characters no address has');
  for (const other of Object.values(coin.networks)) {
    if (other.bech32 !== network.bech32 && address.toLowerCase().startsWith(`${other.bech32}1`))
      throw refuse(`the address is for ${coin.unit} ${other.name}`);
  }
  try {
    return witnessV0Script(address, network) ?? Buffer.from(codec.toOutputScript(address, libNetwork(network)));
  } catch {
    // The library's words differ by encoding and tell a user little; the cause is always one of these.
    throw refuse('the address is mistyped or belongs to another network or coin');
  }
};

/**
 * The usual payout address without the library's detour: it tries base58 first, with hashes in plain JavaScript, which
 * costs 0.3 ms an address. Undefined for everything else; throws like the library does.
 */
const witnessV0Script = (address: string, network: Network): Buffer | undefined => {
  if (!address.toLowerCase().startsWith(`${network.bech32}1q`)) return undefined;
  const {version, prefix, data} = codec.fromBech32(address);
  if (version !== 0 || prefix !== network.bech32 || (data.length !== 20 && data.length !== 32))
    throw new Error('not a version 0 witness program');
  return Buffer.concat([Buffer.from([0, data.length]), data]);
};

/** The address of a scriptPubKey, or undefined for scripts that have none (bare multisig, OP_RETURN). */
export const addressOf = (scriptPubKey: Uint8Array, network: Network): string | undefined => {
  try {
    return codec.fromOutputScript(scriptPubKey, libNetwork(network));
  } catch {
    return undefined;
  }
};
