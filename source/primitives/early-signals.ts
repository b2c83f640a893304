const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
let isTaken = false;

/**
 * For a process that is to stop cleanly whenever it is told to: before the engine has begun there is nothing to put
 * down, and the process ends at once with 0. The listeners stay: a signal that comes after the engine has ended must not
 * turn its exit code into a kill.
 */
export const endOnEarlySignals = (): void => {
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (!isTaken) process.exit(0);
    });
};

/** From now on somebody else acts on signals. */
export const takeSignals = (): void => {
  isTaken = true;
};
