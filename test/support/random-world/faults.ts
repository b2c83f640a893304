import {EngineError} from '../../../source/primitives/errors.ts';

/** The engine was killed: nothing of it goes on. */
export class Killed extends Error {}

/** Where the world breaks an engine: at the how-manieth step from now, a step being one call to node or ledger. */
export class Breaker {
  #killIn = Number.POSITIVE_INFINITY;
  #failIn = Number.POSITIVE_INFINITY;
  #failures = 0;
  #losesAnswers = false;
  #isDead = false;

  killAfter(steps: number): void {
    this.#killIn = steps;
  }

  /** So many calls to the node in a row fail, before or after they had their effect. */
  failAfter(calls: number, failures: number, losesAnswers: boolean): void {
    this.#failIn = calls;
    this.#failures = failures;
    this.#losesAnswers = losesAnswers;
  }

  heal(): void {
    this.#killIn = Number.POSITIVE_INFINITY;
    this.#failures = 0;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** One step. Throws Killed when the engine dies here, and ever after. */
  pass(): void {
    if (!this.#isDead && this.#killIn-- <= 0) this.#isDead = true;
    if (this.#isDead) throw new Killed();
  }

  /** A call to the node: may fail before it has its effect, or lose its answer. */
  async call<Value>(effect: () => Value | Promise<Value>): Promise<Value> {
    this.pass();
    const fails = this.#failures > 0 && this.#failIn-- <= 0;
    if (fails) this.#failures -= 1;
    if (fails && !this.#losesAnswers)
      throw new EngineError('backend_down', 'the connection was refused', {retry: 'unknown-outcome'});
    const value = await effect();
    this.pass();
    if (fails) throw new EngineError('backend_timeout', 'no answer in time', {retry: 'unknown-outcome'});
    return value;
  }
}
