/**
 * A bell that loops sleep on. Ringing while nobody sleeps is remembered once; several rings before a sleep are one.
 * A ring only hastens: whatever rings it, sleeping the full time must also converge.
 */
export class Wake {
  #rung = false;
  #waiter: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#waiter?.();
  }

  /** Resolves at the next ring, after `milliseconds`, or at once when rung before or aborted. */
  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (!this.#rung && !signal?.aborted) {
      await new Promise<void>(resolve => {
        const finish = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', finish);
          this.#waiter = undefined;
          resolve();
        };
        const timer = setTimeout(finish, milliseconds);
        signal?.addEventListener('abort', finish, {once: true});
        this.#waiter = finish;
      });
    }
    this.#rung = false;
  }
}
