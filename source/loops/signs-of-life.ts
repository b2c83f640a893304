import type {RoundContext} from './loop.ts';

/** ms between signs of life. */
const EVERY = 5_000;
/** ms; no question has a longer deadline of its own. Who waits for longer waits for an answer that was lost. */
const LONGEST = 900_000;

/**
 * Whoever is asked outside may take as long as his deadlines allow, and a round may ask many questions: slowness of a node
 * is no stall of the loop that waits for it, and must not end the engine.
 */
export class SignsOfLife {
  #round: Pick<RoundContext, 'progress'> | undefined;

  /** Of this round from now on. */
  begin(round: Pick<RoundContext, 'progress'>): void {
    this.#round = round;
  }

  /** The same port; while an answer of it is waited for, the round shows that it lives. */
  around<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => this.#watched(Reflect.apply(value, target, parameters));
      },
    });
  }

  #watched(answer: unknown): unknown {
    if (answer instanceof Promise) return this.#while(answer);
    return isAsyncIterable(answer) ? this.#eachOf(answer) : answer;
  }

  async #while<Value>(asked: Promise<Value>): Promise<Value> {
    const begun = performance.now();
    const stop = this.#show(() => begun);
    try {
      return await asked;
    } finally {
      stop();
    }
  }

  async *#eachOf<Value>(items: AsyncIterable<Value>): AsyncGenerator<Value> {
    let begun: number | undefined = performance.now();
    const stop = this.#show(() => begun);
    try {
      for await (const item of items) {
        // What whoever asked does with it is his own business.
        begun = undefined;
        yield item;
        begun = performance.now();
      }
    } finally {
      stop();
    }
  }

  /** `begun`: since when an answer is waited for, while one is. Returns what ends it. */
  #show(begun: () => number | undefined): () => void {
    const timer = setInterval(() => {
      const since = begun();
      if (since !== undefined && performance.now() - since < LONGEST) this.#round?.progress();
    }, EVERY);
    return () => clearInterval(timer);
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
