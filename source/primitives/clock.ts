/** Injected wherever time decides something, so that tests need no sleeping and a clock set back harms nothing. */
export interface Clock {
  /** Wall time in milliseconds since 1970, for what people read and for stored due times. */
  now(): number;
  /** Milliseconds that never go back, for timeouts, ages and stall detection. */
  monotonic(): number;
}

export const systemClock: Clock = {now: () => Date.now(), monotonic: () => performance.now()};
