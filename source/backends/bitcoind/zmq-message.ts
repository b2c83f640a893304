import type {Hint} from '../../chain/ports.ts';
import {parseTxid} from '../../primitives/ids.ts';

export const ZMQ_TOPICS = ['sequence', 'hashblock'] as const;

/**
 * Turns published messages into hints and finds lost ones. bitcoind counts the messages of each topic from its start,
 * and drops some for a reader that is too slow.
 */
export class ZmqReader {
  readonly #next = new Map<string, number>();

  /** After a reconnect, when the count cannot be compared. */
  reset(): void {
    this.#next.clear();
  }

  /** One message: topic, body, counter of 4 bytes. Anything that is not understood is `everything`. */
  read(frames: readonly Buffer[]): Hint {
    const [topic, body, counter] = frames;
    if (topic === undefined || body === undefined || counter?.length !== 4) return {kind: 'everything'};
    return this.#isGap(topic.toString('latin1'), counter.readUInt32LE(0))
      ? {kind: 'everything'}
      : hintOf(topic.toString('latin1'), body);
  }

  #isGap(topic: string, counter: number): boolean {
    const expected = this.#next.get(topic);
    this.#next.set(topic, (counter + 1) >>> 0);
    return expected !== undefined && expected !== counter;
  }
}

const hintOf = (topic: string, body: Buffer): Hint => {
  if (topic === 'hashblock') return {kind: 'block'};
  if (topic !== 'sequence' || body.length < 33) return {kind: 'everything'};
  // The hash comes reversed already, as it is printed; then the event, and for A and R a mempool sequence number.
  switch (String.fromCharCode(body[32]!)) {
    case 'A':
      return {kind: 'mempool-added', txid: parseTxid(body.toString('hex', 0, 32))};
    case 'R':
      return {kind: 'mempool-removed', txid: parseTxid(body.toString('hex', 0, 32))};
    case 'C':
    case 'D':
      return {kind: 'block'};
    default:
      return {kind: 'everything'};
  }
};
