import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError, hasCode, messageOf} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {AcceptAnswer, Broadcaster, SendAnswer} from '../../payout/ports.ts';
import {type RefusalKind, refusalKind, rejectReasonKind} from '../bitcoind/fault-table.ts';
import {readAs, status} from './answers.ts';
import type {RestClient} from './rest-client.ts';

/** Sends through the node behind the server, whose words come back in the answer. */
export class EsploraBroadcaster implements Broadcaster {
  readonly #client: RestClient;

  constructor(client: RestClient) {
    this.#client = client;
  }

  /** There is no trying first: the send itself tells. */
  async testAccept(): Promise<AcceptAnswer> {
    return {kind: 'acceptable'};
  }

  async send(raw: Buffer, txid: Txid): Promise<SendAnswer> {
    try {
      const {status: code, text, refusal} = await this.#client.post('/tx', raw.toString('hex'));
      if (code === 200)
        return text === txid
          ? {kind: 'accepted'}
          : {kind: 'unknown', words: `the server answered with another txid: ${cleanText(text, 80)}`};
      return meaningOf(text, refusal);
    } catch (error) {
      if (hasCode(error, 'backend_auth')) return {kind: 'unauthorized', words: error.message};
      if (error instanceof EngineError) return {kind: 'unknown', words: messageOf(error)};
      throw error;
    }
  }

  async find(txid: Txid): Promise<'mempool' | 'anchored' | 'absent'> {
    const route = '/tx/:txid/status';
    const answer = await this.#client.json(route, [txid]);
    if (answer !== undefined && readAs(status, answer, route, this.#client.faults).confirmed) return 'anchored';
    // One that the server does not know is "not confirmed" too: only its bytes tell.
    return (await this.#client.bytes('/tx/:txid/hex', [txid])) === undefined ? 'absent' : 'mempool';
  }
}

/** `sendrawtransaction RPC error: {"code":-26,"message":"dust"}`, `… RPC error -26: dust`, `… RPC error: dust`. */
const AS_JSON = /RPC error:?\s*(\{.*\})/s;
const AS_TEXT = /RPC error:?\s*(-\d{1,5})?:?\s*(\S.*)$/s;

interface NodesWords {
  readonly kind: RefusalKind;
  readonly words: string;
}

/** What the node said, by its code as everywhere; undefined when the answer is not the node's. */
export const nodesWords = (text: string): NodesWords | undefined => {
  const json = AS_JSON.exec(text)?.[1];
  if (json !== undefined) {
    const parsed = parseRefusal(json);
    if (parsed !== undefined) return {kind: refusalKind(parsed.code, parsed.message), words: parsed.message};
  }
  const [, code, words] = AS_TEXT.exec(text) ?? [];
  if (words === undefined) return undefined;
  return {kind: code === undefined ? rejectReasonKind(words) : refusalKind(Number(code), words), words};
};

const parseRefusal = (json: string): {code: number; message: string} | undefined => {
  try {
    const {code, message} = JSON.parse(json) as {code?: unknown; message?: unknown};
    return typeof code === 'number' && typeof message === 'string' ? {code, message} : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** The answer table of the design. Without the node's own words nothing is known of what became of the transaction. */
const meaningOf = (text: string, refusal: EngineError): SendAnswer => {
  if (refusal.code === 'backend_auth') return {kind: 'unauthorized', words: refusal.message};
  const said = nodesWords(text);
  if (said === undefined) return {kind: 'unknown', words: refusal.message};
  const words = cleanText(said.words, 300);
  if (said.kind === 'already-known') return {kind: 'accepted'};
  if (said.kind === 'inputs-unavailable' || said.kind === 'rejected') return {kind: said.kind, words};
  return {kind: 'unknown', words};
};
