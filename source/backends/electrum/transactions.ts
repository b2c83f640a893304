import {provesInclusion} from '../../chain/merkle.ts';
import {findTxid} from '../../chain/skim.ts';
import type {BlockFormat} from '../../coins/index.ts';
import type {Txid} from '../../primitives/ids.ts';
import {merkleProof, rawBytes, readAs} from './answers.ts';
import type {ElectrumClient} from './electrum-client.ts';
import {isRefusal} from './faults.ts';
import type {ChainHeader} from './header-chain.ts';
import {strippedLength} from './raw-transaction.ts';

/** Bytes of raw transactions kept: a deposit that was seen in the mempool need not be fetched again for its block. */
const KEPT_BYTES = 16_000_000;
const GET = 'blockchain.transaction.get';
const PROVE = 'blockchain.transaction.get_merkle';
/** Bytes without witnesses that could as well be two hashes of a merkle tree (CVE-2017-12842). */
const PAIR_BYTES = 64;

/** A transaction that was proven to be in a block. */
export interface Proven {
  readonly txid: Txid;
  readonly raw: Buffer;
  /** Its place in the block. */
  readonly position: number;
}

/** Transactions as the server has them: bytes whose txid was computed here, and proofs that were followed to a header. */
export class Transactions {
  readonly #client: ElectrumClient;
  readonly #format: BlockFormat;
  readonly #kept = new Map<Txid, Buffer>();
  #keptBytes = 0;

  constructor(client: ElectrumClient, format: BlockFormat) {
    this.#client = client;
    this.#format = format;
  }

  /** The same asked anew, whatever is kept: whether the server has them now. */
  async fresh(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    for (const txid of txids) this.#drop(txid);
    return this.raws(txids);
  }

  /** Raw bytes in the order asked, undefined for what the server does not know. */
  async raws(txids: readonly Txid[]): Promise<(Buffer | undefined)[]> {
    const missing = [...new Set(txids)].filter(txid => !this.#kept.has(txid));
    const fetched = new Map<Txid, Buffer | undefined>();
    // One in a message: servers cap their answers, and a batch of large transactions would be above it.
    const outcomes = await this.#client.batch(
      missing.map(txid => ({method: GET, params: [txid]})),
      {lane: missing.length > 20 ? 'bulk' : 'control', together: 1},
    );
    for (const [index, outcome] of outcomes.entries()) {
      const txid = missing[index]!;
      if ('refusal' in outcome) {
        if (!isRefusal(outcome.refusal, 'not-found')) throw outcome.refusal;
        continue;
      }
      fetched.set(txid, this.#checked(txid, readAs(rawBytes, outcome.result, GET, this.#client.faults)));
    }
    const raws = txids.map(txid => fetched.get(txid) ?? this.#kept.get(txid));
    for (const [txid, raw] of fetched) if (raw) this.#keep(txid, raw);
    return raws;
  }

  #checked(txid: Txid, hex: string): Buffer {
    const raw = Buffer.from(hex, 'hex');
    const found = findTxid(raw, this.#format);
    if (found !== txid) throw this.#client.faults.lie(`other bytes as transaction ${txid}`);
    if (strippedLength(raw, this.#format) === PAIR_BYTES)
      throw this.#client.faults.lie(`transaction ${txid}, of 64 bytes, can be part of a forged proof`);
    return raw;
  }

  #keep(txid: Txid, raw: Buffer): void {
    this.#drop(txid);
    this.#kept.set(txid, raw);
    this.#keptBytes += raw.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#drop(oldest);
    }
  }

  #drop(txid: Txid): void {
    this.#keptBytes -= this.#kept.get(txid)?.length ?? 0;
    this.#kept.delete(txid);
  }

  /**
   * These transactions with their places in these blocks. `missing` are those that the server could not or would not
   * prove: its chain has moved, or it lies.
   */
  async prove(
    wanted: readonly {txid: Txid; header: ChainHeader}[],
  ): Promise<{proven: Proven[]; missing: typeof wanted}> {
    const [raws, outcomes] = await Promise.all([
      this.raws(wanted.map(({txid}) => txid)),
      this.#client.batch(
        wanted.map(({txid, header}) => ({method: PROVE, params: [txid, header.height]})),
        {lane: wanted.length > 20 ? 'bulk' : 'control'},
      ),
    ]);
    const proven: Proven[] = [];
    const missing: {txid: Txid; header: ChainHeader}[] = [];
    for (const [index, {txid, header}] of wanted.entries()) {
      const outcome = outcomes[index]!;
      const raw = raws[index];
      if ('refusal' in outcome && !isRefusal(outcome.refusal, 'not-found', 'other')) throw outcome.refusal;
      const position = 'refusal' in outcome ? undefined : this.#position(txid, header, outcome.result);
      if (raw === undefined || position === undefined) missing.push({txid, header});
      else proven.push({txid, raw, position});
    }
    return {proven, missing};
  }

  #position(txid: Txid, header: ChainHeader, answer: unknown): number | undefined {
    const {
      block_height: height,
      pos: position,
      merkle: hashes,
    } = readAs(merkleProof, answer, PROVE, this.#client.faults);
    if (height !== header.height) return undefined;
    const isProven = provesInclusion(txid, {position, hashes}, header.merkleRoot, this.#format);
    return isProven ? position : undefined;
  }
}
