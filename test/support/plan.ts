import type {Bitcoind} from '../../source/backends/bitcoind/index.ts';
import {txidOf} from '../../source/chain/skim.ts';
import {scriptOf} from '../../source/coins/index.ts';
import type {TransactionPlan} from '../../source/payout/ports.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import {parseTxid, type Txid} from '../../source/primitives/ids.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {createNodeSigner} from '../../source/signers/node.ts';
import {btc, regtest} from './bitcoind.ts';
import type {RegtestNode} from './regtest-node.ts';

interface Unspent {
  readonly txid: string;
  readonly vout: number;
  readonly amount: number;
  readonly scriptPubKey: string;
}

/** Bytes that can be sent. */
export interface Signed {
  readonly raw: Buffer;
  readonly txid: Txid;
}

/** Confirmed, mature coins of a wallet of the node, as inputs of a plan. */
export const planInputs = async (
  node: RegtestNode,
  count: number,
  wallet = 'hot',
): Promise<TransactionPlan['inputs']> => {
  const unspent = await node.rpc<Unspent[]>('listunspent', [1], wallet);
  return unspent.slice(0, count).map(({txid, vout, amount, scriptPubKey}) => ({
    outpoint: {txid: parseTxid(txid), vout},
    // Test coins: a double holds them exactly enough to be rounded to the satoshi.
    amount: satoshi(BigInt(Math.round(amount * 1e8))),
    scriptPubKey: Buffer.from(scriptPubKey, 'hex'),
  }));
};

/** Pays all of the inputs but the fee, split over the addresses; the last takes what is left. */
export const planOf = (
  inputs: TransactionPlan['inputs'],
  payments: readonly {readonly address: string; readonly amount?: bigint}[],
  fee = 2_000n,
): TransactionPlan => {
  let left = inputs.reduce((total, {amount}) => total + amount, 0n) - fee;
  const outputs = payments.map(({address, amount}) => {
    const paid = amount ?? left;
    left -= paid;
    return {address, scriptPubKey: scriptOf(address, btc, regtest), amount: satoshi(paid)};
  });
  return {inputs, outputs, fee: satoshi(fee)};
};

/** Signed by the node's wallet, and not sent. */
export const signPlan = async ({wallet}: Pick<Bitcoind, 'wallet'>, plan: TransactionPlan): Promise<Signed> => {
  const answer = await createNodeSigner(wallet, silentLog).sign(plan);
  if (answer.kind !== 'signed') throw new Error(JSON.stringify(answer));
  return {raw: answer.raw, txid: txidOf(answer.raw)};
};
