const KEPT = 60;

/** Milliseconds of the last answers, newest last. */
export class Latencies {
  #values: number[] = [];

  add(milliseconds: number): void {
    this.#values.push(milliseconds);
    if (this.#values.length > KEPT) this.#values.shift();
  }

  list(): readonly number[] {
    return [...this.#values];
  }
}
