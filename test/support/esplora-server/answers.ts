import {address, networks, script as scripts} from 'bitcoinjs-lib';
import type {ChainIndex, IndexedBlock, IndexedOutput, IndexedTransaction} from './chain-index.ts';

// The shapes of Esplora's answers, field by field as Blockstream's electrs writes them.

export const statusOf = (index: ChainIndex, txid: string) => {
  const block = index.blockOf(txid);
  return block === undefined
    ? {confirmed: false}
    : {
        confirmed: true,
        block_height: block.height,
        block_hash: block.hash,
        block_time: block.raw.readUInt32LE(68),
      };
};

const kindOfScript = (script: Buffer): string => {
  const hex = script.toString('hex');
  if (/^0014.{40}$/.test(hex)) return 'v0_p2wpkh';
  if (/^0020.{64}$/.test(hex)) return 'v0_p2wsh';
  if (/^5120.{64}$/.test(hex)) return 'v1_p2tr';
  if (/^76a914.{40}88ac$/.test(hex)) return 'p2pkh';
  if (/^a914.{40}87$/.test(hex)) return 'p2sh';
  return hex.startsWith('6a') ? 'op_return' : 'unknown';
};

const addressOf = (script: Buffer): string | undefined => {
  try {
    return address.fromOutputScript(script, networks.regtest);
  } catch {
    // No address stands for such a script; Esplora leaves the field out.
    return undefined;
  }
};

const outputAnswer = ({script, value}: IndexedOutput) => {
  const known = addressOf(script);
  return {
    scriptpubkey: script.toString('hex'),
    scriptpubkey_asm: scripts.toASM(script),
    scriptpubkey_type: kindOfScript(script),
    ...(known === undefined ? {} : {scriptpubkey_address: known}),
    value: Number(value),
  };
};

export const transactionAnswer = (index: ChainIndex, indexed: IndexedTransaction) => {
  const {transaction, txid, outputs, inputs, coinbase, raw} = indexed;
  const spent = inputs.map(input => index.outputOf(input.txid, input.vout)!);
  const sum = (some: readonly IndexedOutput[]) => some.reduce((total, {value}) => total + value, 0n);
  return {
    txid,
    version: transaction.version,
    locktime: transaction.locktime,
    vin: transaction.ins.map((input, at) => ({
      txid: Buffer.from(input.hash).reverse().toString('hex'),
      vout: input.index,
      prevout: coinbase ? null : outputAnswer(spent[at]!),
      scriptsig: Buffer.from(input.script).toString('hex'),
      scriptsig_asm: coinbase ? '' : scripts.toASM(input.script),
      ...(input.witness.length === 0 ? {} : {witness: input.witness.map(item => Buffer.from(item).toString('hex'))}),
      is_coinbase: coinbase,
      sequence: input.sequence,
    })),
    vout: outputs.map(outputAnswer),
    size: raw.length,
    weight: transaction.weight(),
    fee: coinbase ? 0 : Number(sum(spent) - sum(outputs)),
    status: statusOf(index, txid),
  };
};

export const blockAnswer = ({hash, height, raw, weight, txids}: IndexedBlock, hidesSizes = false) => ({
  id: hash,
  height,
  version: raw.readUInt32LE(0),
  timestamp: raw.readUInt32LE(68),
  tx_count: txids.length,
  ...(hidesSizes ? {} : {size: raw.length}),
  weight,
  merkle_root: Buffer.from(raw.subarray(36, 68)).reverse().toString('hex'),
  previousblockhash: height === 0 ? null : Buffer.from(raw.subarray(4, 36)).reverse().toString('hex'),
  mediantime: raw.readUInt32LE(68),
  nonce: raw.readUInt32LE(76),
  bits: raw.readUInt32LE(72),
  difficulty: 0,
});

/** `{"spent":false}`, or by whom. */
export const outspendAnswer = (index: ChainIndex, txid: string, vout: number) => {
  const spender = index.spenderOf(txid, vout);
  return spender === undefined ? {spent: false} : {spent: true, ...spender, status: statusOf(index, spender.txid)};
};
