import type {BlockFormat} from '../../coins/index.ts';
import type {AcceptAnswer, Broadcaster, SendAnswer} from '../../payout/ports.ts';
import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import {history, readAs} from './answers.ts';
import type {ElectrumClient} from './electrum-client.ts';
import {broadcastKind, nodesWords} from './fault-table.ts';
import {isRefusal, type Refusal} from './faults.ts';
import {scriptHashOf} from './histories.ts';
import {outputScripts} from './raw-transaction.ts';
import type {Transactions} from './transactions.ts';

/** Outputs whose histories are asked for a transaction: one is enough unless the server refuses it as too long. */
const MOST_OUTPUTS = 3;

export class ElectrumBroadcaster implements Broadcaster {
  readonly #client: ElectrumClient;
  readonly #transactions: Transactions;
  readonly #format: BlockFormat;

  constructor(client: ElectrumClient, transactions: Transactions, format: BlockFormat) {
    this.#client = client;
    this.#transactions = transactions;
    this.#format = format;
  }

  /** The protocol has no test: the send itself tells. */
  async testAccept(): Promise<AcceptAnswer> {
    return {kind: 'acceptable'};
  }

  async send(raw: Buffer, txid: Txid): Promise<SendAnswer> {
    try {
      const answer = await this.#client.call('blockchain.transaction.broadcast', [raw.toString('hex')]);
      return answer === txid
        ? {kind: 'accepted'}
        : {kind: 'unknown', words: `the server answered with another txid: ${cleanText(String(answer), 80)}`};
    } catch (error) {
      if (isRefusal(error)) return meaningOf(error);
      if (error instanceof EngineError) return {kind: 'unknown', words: messageOf(error)};
      throw error;
    }
  }

  /** By the history of one of its outputs: what the server says, unproven. */
  async find(txid: Txid): Promise<'mempool' | 'anchored' | 'absent'> {
    const [raw] = await this.#transactions.fresh([txid]);
    if (raw === undefined) return 'absent';
    const method = 'blockchain.scripthash.get_history';
    let refused: Refusal | undefined;
    for (const script of outputScripts(raw, this.#format).slice(0, MOST_OUTPUTS)) {
      const [outcome] = await this.#client.batch([{method, params: [scriptHashOf(script)]}]);
      if ('refusal' in outcome!) {
        if (!isRefusal(outcome.refusal, 'history-too-long')) throw outcome.refusal;
        refused = outcome.refusal;
        continue;
      }
      const entries = readAs(history, outcome!.result, method, this.#client.faults);
      const entry = entries.find(({tx_hash: listed}) => listed === txid);
      if (entry) return entry.height > 0 ? 'anchored' : 'mempool';
    }
    if (refused) throw refused;
    return 'absent';
  }
}

/** The answer table of the design, by words: servers pass on what their node said, and not its code. */
const meaningOf = ({number, raw, message}: Refusal): SendAnswer => {
  const kind = broadcastKind(number, raw);
  if (kind === 'already-known') return {kind: 'accepted'};
  if (kind === 'inputs-unavailable' || kind === 'rejected') return {kind, words: cleanText(nodesWords(raw), 300)};
  return {kind: 'unknown', words: message};
};
