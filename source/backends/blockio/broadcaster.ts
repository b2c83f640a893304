import type {AcceptAnswer, Broadcaster, SendAnswer} from '../../payout/ports.ts';
import {EngineError, hasCode} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import {submitted} from './answers.ts';
import type {ApiClient} from './api-client.ts';
import {readHalfSigned, type HalfSigned} from './cosigned.ts';
import {isFail} from './faults.ts';

/**
 * Complete transactions go out by the chain source alone. Half-signed ones go to block.io, which adds its signature and
 * broadcasts: the same bytes each time, and never without looking first whether the network has the transaction.
 */
export class BlockIoBroadcaster implements Broadcaster {
  readonly #client: ApiClient;
  readonly #network: Broadcaster;

  constructor(client: ApiClient, network: Broadcaster) {
    this.#client = client;
    this.#network = network;
  }

  /** No node can judge half of the signatures: what is wrong with it, block.io says when it is sent. */
  async testAccept(raw: Buffer): Promise<AcceptAnswer> {
    return readHalfSigned(raw) === undefined ? this.#network.testAccept(raw) : {kind: 'acceptable'};
  }

  async send(raw: Buffer, txid: Txid): Promise<SendAnswer> {
    const half = readHalfSigned(raw);
    if (half === undefined) return this.#network.send(raw, txid);
    try {
      if ((await this.find(txid)) !== 'absent') return {kind: 'accepted'};
      return await this.#submit(half, txid);
    } catch (error) {
      return answerOf(error);
    }
  }

  find(txid: Txid): Promise<'mempool' | 'anchored' | 'absent'> {
    return this.#network.find(txid);
  }

  async #submit({unsigned, signatures}: HalfSigned, txid: Txid): Promise<SendAnswer> {
    const transaction_data = {tx_type: 'basic', tx_hex: unsigned, signatures};
    const answer = await this.#client.call('submit_transaction', {transaction_data}, submitted);
    return answer.txid === txid
      ? {kind: 'accepted'}
      : {kind: 'unknown', words: `block.io says that it sent ${answer.txid} instead`};
  }
}

/** A send never throws for what block.io or the network did. */
const answerOf = (error: unknown): SendAnswer => {
  if (isFail(error, 'already-known')) return {kind: 'accepted'};
  if (isFail(error, 'inputs-unavailable')) return {kind: 'inputs-unavailable', words: error.words};
  if (isFail(error, 'other')) return {kind: 'rejected', words: error.words};
  if (hasCode(error, 'backend_auth')) return {kind: 'unauthorized', words: error.message};
  if (error instanceof EngineError) return {kind: 'unknown', words: error.message};
  throw error;
};
