import {Worker} from 'node:worker_threads';
import {unpackFacts} from '../../chain/packed-facts.ts';
import type {WatchSet} from '../../chain/watch-set.ts';
import type {BlockFormat} from '../../coins/index.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {BlockReplies, Skimmed} from './skim-replies.ts';
import type {Answer, Question} from './skim-worker.ts';

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './skim-worker.ts' : './skim-worker.js', import.meta.url);
/** ms without a question after which it ends: a thread costs some 15 MB. */
const IDLE = 5_000;

interface Waiting {
  resolve(skimmed: Skimmed): void;
  reject(error: Error): void;
}

/** A thread that skims batches of blocks, one after the other in the order they are given. Started when it is wanted. */
export class SkimThread {
  readonly #format: BlockFormat;
  #worker: Worker | undefined;
  #isReady = false;
  /** It ended by itself once: whatever that was, the engine's own thread does without it. */
  #isBroken = false;
  #idle: NodeJS.Timeout | undefined;
  readonly #waiting: Waiting[] = [];

  constructor(format: BlockFormat) {
    this.#format = format;
  }

  /** Takes a moment; until it is ready, nobody should wait for it. */
  start(): void {
    if (this.#worker !== undefined || this.#isBroken) return;
    const worker = new Worker(WORKER, {workerData: {format: this.#format}});
    // A question keeps the process alive by what waits for it, an idle thread must not.
    worker.unref();
    worker.on('message', (answer: Answer) => this.#onAnswer(answer));
    worker.on('error', error => this.#onEnd(worker, error));
    worker.on('exit', () => this.#onEnd(worker, undefined));
    this.#worker = worker;
    this.#rest();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Outpoints that it finds are its own until somebody adds them to `watch` too. Takes the bytes away from the caller.
   * Rejects with `stale_facts` (look again) when the thread ends.
   */
  async skim({body, ids, refs}: BlockReplies, watch: WatchSet): Promise<Skimmed> {
    const worker = this.#worker;
    if (worker === undefined) throw ended(undefined);
    // A slice of something larger is not ours to give away.
    const bytes = body.length === body.buffer.byteLength ? body : new Uint8Array(body);
    worker.postMessage({body: bytes, ids, refs, watch: watch.share()} satisfies Question, [
      bytes.buffer as ArrayBuffer,
    ]);
    clearTimeout(this.#idle);
    return new Promise((resolve, reject) => this.#waiting.push({resolve, reject}));
  }

  /** Ends it; what waits for it is rejected. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    this.#isReady = false;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(ended(undefined));
  }

  #onAnswer(answer: Answer): void {
    if (answer === 'ready') {
      this.#isReady = true;
      return;
    }
    this.#waiting.shift()?.resolve('packed' in answer ? {facts: unpackFacts(answer.packed)} : answer);
    if (this.#waiting.length === 0) this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), IDLE).unref();
  }

  #onEnd(worker: Worker, error: Error | undefined): void {
    if (this.#worker !== worker) return;
    this.#isBroken = true;
    clearTimeout(this.#idle);
    this.#isReady = false;
    this.#worker = undefined;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(ended(error));
  }
}

const ended = (cause: Error | undefined) =>
  new EngineError('stale_facts', 'the thread that reads blocks has ended', {retry: 'backoff', cause});
