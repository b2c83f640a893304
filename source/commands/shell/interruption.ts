/**
 * Ctrl-C (and SIGTERM) as an abort signal instead of the end of the process. The second Ctrl-C ends it at once, as
 * everywhere: each signal is caught only once. Call `release` when done.
 */
export const catchInterruption = (): {signal: AbortSignal; release(): void} => {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    release() {
      process.removeListener('SIGINT', interrupt);
      process.removeListener('SIGTERM', interrupt);
    },
  };
};
