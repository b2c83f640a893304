import {EngineError} from './errors.ts';

/** Transaction id as printed by nodes: 64 lower-case hex digits, byte-reversed double SHA-256. */
export type Txid = string & {readonly __id: 'txid'};
/** Block hash as printed by nodes: 64 lower-case hex digits. */
export type BlockHash = string & {readonly __id: 'block'};
/** `txid:vout`. */
export type OutpointKey = string & {readonly __id: 'outpoint'};

export interface Outpoint {
  readonly txid: Txid;
  readonly vout: number;
}

export interface BlockRef {
  readonly height: number;
  readonly hash: BlockHash;
}

const HEX_64 = /^[0-9a-f]{64}$/;

export const parseTxid = (text: string): Txid => {
  if (!HEX_64.test(text)) throw new EngineError('bad_txid', 'a txid is 64 lower-case hex digits', {field: 'txid'});
  return text as Txid;
};

export const parseBlockHash = (text: string): BlockHash => {
  if (!HEX_64.test(text)) throw new EngineError('bad_block_hash', 'a block hash is 64 lower-case hex digits');
  return text as BlockHash;
};

export const outpointKey = (outpoint: Outpoint): OutpointKey => `${outpoint.txid}:${outpoint.vout}` as OutpointKey;

/** Hash bytes in wire order to the reversed hex that nodes print. */
export const hashToHex = (wire: Uint8Array): string => Buffer.from(wire).reverse().toString('hex');
export const txidFromWire = (wire: Uint8Array): Txid => hashToHex(wire) as Txid;
export const txidToWire = (txid: Txid): Buffer => Buffer.from(txid, 'hex').reverse();
