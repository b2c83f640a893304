import type {AcceptAnswer, Broadcaster, SendAnswer} from '../../payout/ports.ts';
import {hasCode, messageOf} from '../../primitives/errors.ts';
import type {Txid} from '../../primitives/ids.ts';
import type {Speakers} from './failover.ts';
import type {Source} from './watched-source.ts';

/** Sends through whoever speaks, and through the others: the same bytes are the same transaction wherever they go. */
export class FailoverBroadcaster implements Broadcaster {
  readonly #speakers: Speakers;
  readonly #offers = new Set<Promise<unknown>>();

  constructor(speakers: Speakers) {
    this.#speakers = speakers;
  }

  /** The speaker's answer; another one's while nothing is known of it. */
  async testAccept(raw: Buffer): Promise<AcceptAnswer> {
    const [speaker, ...others] = this.#speakers.order;
    if (speaker === undefined) return NOBODY;
    const ask = async (source: Source) => this.#hear(source, source.broadcaster.testAccept(raw));
    const answer = await ask(speaker);
    if (!isAway(answer)) return answer;
    for (const source of others) {
      const other = await ask(source);
      if (!isAway(other)) return other;
    }
    return answer;
  }

  /**
   * The speaker's answer, unless it gave none and another one accepted. Others' refusals conclude nothing: they may lag,
   * or have it already as spent.
   */
  async send(raw: Buffer, txid: Txid): Promise<SendAnswer> {
    const [speaker, ...others] = this.#speakers.order;
    if (speaker === undefined) return NOBODY;
    const ask = async (source: Source) => this.#hear(source, source.broadcaster.send(raw, txid));
    const answer = await ask(speaker);
    if (answer.kind === 'accepted') this.#offer(others, raw, txid);
    if (!isAway(answer)) return answer;
    for (const [index, source] of others.entries()) {
      const other = await ask(source);
      if (other.kind !== 'accepted') continue;
      this.#offer(others.slice(index + 1), raw, txid);
      return other;
    }
    return answer;
  }

  /** All are asked. Throws only when none of them answers. */
  async find(txid: Txid): Promise<'mempool' | 'anchored' | 'absent'> {
    const ask = async (source: Source) => this.#speakers.unlessSilent(source, source.broadcaster.find(txid));
    const answers = await Promise.allSettled(this.#speakers.order.map(ask));
    const places = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []));
    const [first] = answers;
    if (places.length === 0 && first?.status === 'rejected') throw first.reason;
    return PLACES.find(place => places.includes(place)) ?? 'absent';
  }

  /** Offers that are under way end with their sources. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#offers);
  }

  /** Of one that is given up meanwhile nothing is known: what it may have been sent are the same bytes. */
  async #hear<Answer>(source: Source, asked: Promise<Answer>): Promise<Answer | Unknown> {
    try {
      return await this.#speakers.unlessSilent(source, asked);
    } catch (error) {
      if (!hasCode(error, 'stale_facts')) throw error;
      return {kind: 'unknown', words: messageOf(error)};
    }
  }

  /** Best effort: the network has it already, this only spreads it. */
  #offer(sources: readonly Source[], raw: Buffer, txid: Txid): void {
    for (const {broadcaster} of sources) {
      const offer = broadcaster
        .send(raw, txid)
        .catch(() => undefined)
        .finally(() => this.#offers.delete(offer));
      this.#offers.add(offer);
    }
  }
}

interface Unknown {
  readonly kind: 'unknown';
  readonly words: string;
}

const PLACES = ['anchored', 'mempool', 'absent'] as const;

const NOBODY = {kind: 'unknown', words: 'no backend is on the chain of the ledger'} as const;

/** Nothing was said about the transaction itself. */
const isAway = ({kind}: SendAnswer | AcceptAnswer): boolean => kind === 'unknown' || kind === 'unauthorized';
