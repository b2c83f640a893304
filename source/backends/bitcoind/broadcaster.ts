import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError, hasCode, messageOf} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {AcceptAnswer, Broadcaster, SendAnswer} from '../../payout/ports.ts';
import {acceptance, confirmed, readAs} from './answers.ts';
import {type RefusalKind, rejectReasonKind} from './fault-table.ts';
import {isRefusal} from './faults.ts';
import type {RpcOutcome} from './rpc-client.ts';
import type {WalletRpc} from './wallet-rpc.ts';

export class BitcoindBroadcaster implements Broadcaster {
  readonly #wallet: WalletRpc;

  constructor(wallet: WalletRpc) {
    this.#wallet = wallet;
  }

  /** Daemons before Bitcoin Core 0.17 cannot test: there the send itself tells. */
  async testAccept(raw: Buffer): Promise<AcceptAnswer> {
    try {
      const {client, abilities} = this.#wallet;
      if (!(await abilities.get()).has('testmempoolaccept')) return {kind: 'acceptable'};
      const answer = await client.call('testmempoolaccept', [[raw.toString('hex')]], {decimals: true});
      const [verdict] = readAs(acceptance, answer, 'testmempoolaccept', client.faults);
      if (verdict?.allowed === true) return {kind: 'acceptable'};
      const reason = verdict?.['reject-reason'] ?? 'refused without a reason';
      return acceptOf(meaningOf(rejectReasonKind(reason), cleanText(reason, 300)));
    } catch (error) {
      return acceptOf(answerOf(error));
    }
  }

  async send(raw: Buffer, txid: Txid): Promise<SendAnswer> {
    try {
      const answer = await this.#wallet.client.call('sendrawtransaction', [raw.toString('hex')]);
      return answer === txid
        ? {kind: 'accepted'}
        : {kind: 'unknown', words: `the node answered with another txid: ${cleanText(String(answer), 80)}`};
    } catch (error) {
      return answerOf(error);
    }
  }

  /**
   * Asks the mempool, the wallet, which knows every transaction of its own, and -txindex, if the node has it. A node
   * without a wallet of ours is asked for the first outputs instead, which shows those that are not spent.
   */
  async find(txid: Txid): Promise<'mempool' | 'anchored' | 'absent'> {
    const calls = [
      {method: 'getmempoolentry', params: [txid]},
      {method: 'getrawtransaction', params: [txid, true]},
    ];
    const [entry, ...places] = this.#wallet.isNamed
      ? await this.#wallet.batch([...calls, {method: 'gettransaction', params: [txid]}])
      : await this.#wallet.client.batch([
          ...calls,
          ...[0, 1].map(vout => ({method: 'gettxout', params: [txid, vout, false]})),
        ]);
    if (places.some(place => this.#confirmations(place) > 0)) return 'anchored';
    return entry !== undefined && this.#isThere(entry) ? 'mempool' : 'absent';
  }

  #isThere(outcome: RpcOutcome): boolean {
    if (!('refusal' in outcome)) return true;
    if (outcome.refusal.kind === 'not-found') return false;
    throw outcome.refusal;
  }

  #confirmations(outcome: RpcOutcome | undefined): number {
    if (outcome === undefined || !this.#isThere(outcome) || !('result' in outcome)) return 0;
    // gettxout of what does not exist, or is spent.
    if (outcome.result === null) return 0;
    return readAs(confirmed, outcome.result, 'gettransaction', this.#wallet.client.faults).confirmations ?? 0;
  }
}

/** The answer table of the design: what a refusal says about a send. */
const meaningOf = (kind: RefusalKind, words: string): SendAnswer => {
  if (kind === 'already-known') return {kind: 'accepted'};
  if (kind === 'inputs-unavailable' || kind === 'rejected') return {kind, words};
  return {kind: 'unknown', words};
};

const acceptOf = (answer: SendAnswer): AcceptAnswer => (answer.kind === 'accepted' ? {kind: 'acceptable'} : answer);

/** A send never throws for what a node or the network did; anything else is a fault of ours. */
const answerOf = (error: unknown): SendAnswer => {
  if (isRefusal(error)) return meaningOf(error.kind, error.words);
  if (hasCode(error, 'backend_auth')) return {kind: 'unauthorized', words: error.message};
  if (error instanceof EngineError) return {kind: 'unknown', words: messageOf(error)};
  throw error;
};
