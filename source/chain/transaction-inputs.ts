import {txidFromWire, type Outpoint} from '../primitives/ids.ts';

/**
 * All inputs of a raw transaction that is known to be well-formed, because its txid was computed when it was stored.
 * None for a coinbase. Serialization as in BIP144; marker and flag of any extension are skipped.
 */
export const transactionInputs = (raw: Buffer): Outpoint[] => {
  let position = raw[4] === 0 ? 6 : 4;
  const readCount = (): number => {
    const first = raw.readUInt8(position);
    position += 1;
    if (first < 0xfd) return first;
    const size = first === 0xfd ? 2 : 4;
    position += size;
    return raw.readUIntLE(position - size, size);
  };
  const inputs: Outpoint[] = [];
  for (let left = readCount(); left > 0; left--) {
    const hash = raw.subarray(position, position + 32);
    const vout = raw.readUInt32LE(position + 32);
    position += 36;
    position += readCount() + 4;
    const isCoinbase = vout === 0xffff_ffff && hash.every(byte => byte === 0);
    if (!isCoinbase) inputs.push({txid: txidFromWire(hash), vout});
  }
  return inputs;
};
