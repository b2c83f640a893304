export interface UntilOptions {
  /** ms; 45 s unless said. */
  readonly timeout?: number;
  /** ms between looks; 50 unless said. */
  readonly every?: number;
}

/** Thrown by a look that need not be repeated: what is waited for cannot come any more. */
export class Hopeless extends Error {}

type Nothing = undefined | null | false;

/**
 * Looks again and again until the answer is neither undefined, null nor false, and returns it. After the timeout it throws,
 * saying what was waited for and the last error of a look that threw.
 */
export const until = async <Value>(
  what: string,
  look: () => Promise<Value | Nothing> | Value | Nothing,
  {timeout = 45_000, every = 50}: UntilOptions = {},
): Promise<Value> => {
  const deadline = performance.now() + timeout;
  let problem = '';
  for (;;) {
    try {
      const answer = await look();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      problem = '';
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      problem = `; the last look failed: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeout} ms in vain for ${what}${problem}`);
    await new Promise(resolve => setTimeout(resolve, every));
  }
};
