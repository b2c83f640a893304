const SECONDS = 60;

/**
 * Milliseconds of the slowest answer in each of the last 60 seconds that had one, newest last: as many as a person can
 * take in, and a slow answer is not washed away by the thousand quick ones of the same second.
 */
export class Latencies {
  #slowest: {readonly second: number; readonly milliseconds: number}[] = [];

  add(milliseconds: number): void {
    const second = currentSecond();
    const last = this.#slowest.at(-1);
    if (last?.second !== second) this.#slowest.push({second, milliseconds});
    else if (milliseconds > last.milliseconds) this.#slowest[this.#slowest.length - 1] = {second, milliseconds};
    if (this.#slowest.length > SECONDS) this.#slowest.shift();
  }

  list(): readonly number[] {
    const oldest = currentSecond() - SECONDS;
    return this.#slowest.filter(({second}) => second > oldest).map(({milliseconds}) => milliseconds);
  }
}

/** By a clock that nobody sets. */
const currentSecond = (): number => Math.floor(performance.now() / 1000);
