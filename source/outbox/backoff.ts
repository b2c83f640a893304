const SECOND = 1000;
const HOUR = 3_600_000;

/** ms after the first attempt at which the head of a queue may be parked. */
export const GIVE_UP_AFTER = 72 * HOUR;

/**
 * Attempts that three days of pauses at least hold. Asked for besides the time, so that neither a clock set forward nor
 * three days with the engine off give up an endpoint that was hardly tried.
 */
export const FEWEST_ATTEMPTS = 30;

const FIRST_PAUSE = SECOND;
/** 1 s doubled 13 times; then every 3 h. */
const LAST_DOUBLING = 14;
const STEADY_PAUSE = 3 * HOUR;
const JITTER = 0.2;

/**
 * ms to wait after the `attempts`-th attempt in vain: 1 s doubling to 2.3 h, then 3 h, each up to a fifth shorter or
 * longer, so that endpoints that went down together are not all asked at once. `random`: 0 to below 1; 1 gives the
 * longest that it can be.
 */
export const pauseAfter = (attempts: number, random: number): number => {
  const pause = attempts > LAST_DOUBLING ? STEADY_PAUSE : FIRST_PAUSE * 2 ** (Math.max(attempts, 1) - 1);
  return Math.round(pause * (1 - JITTER + 2 * JITTER * random));
};
