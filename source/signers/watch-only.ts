import type {Signer} from '../payout/ports.ts';

/** Of a wallet whose keys nobody gave: money comes in, and nothing goes out. `field`: where a signer would be named. */
export const createWatchOnlySigner = (field: string): Signer => ({
  lock: async () => undefined,
  unlock: async () => undefined,
  sign: async () => ({kind: 'no-signer', words: `no signer is configured: name one in ${field}`}),
});
