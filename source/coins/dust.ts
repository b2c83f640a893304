import {satoshi, type Satoshi} from '../primitives/amount.ts';

const isWitnessProgram = (scriptPubKey: Uint8Array): boolean => {
  const version = scriptPubKey[0] ?? 0;
  return (
    scriptPubKey.length >= 4 &&
    scriptPubKey.length <= 42 &&
    (version === 0 || (version >= 0x51 && version <= 0x60)) &&
    scriptPubKey[1] === scriptPubKey.length - 2
  );
};

/**
 * Bitcoin Core's GetDustThreshold at a dust relay feerate (smallest units per byte): the cost of the output itself plus
 * that of spending it, 67 vB for a witness program, 148 bytes else.
 */
export const dustAt =
  (feerate: number) =>
  (scriptPubKey: Uint8Array): Satoshi =>
    satoshi(BigInt((8 + 1 + scriptPubKey.length + (isWitnessProgram(scriptPubKey) ? 67 : 148)) * feerate));
