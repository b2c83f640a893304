import {hash} from 'node:crypto';

/** Double SHA-256. The one-shot call costs a third of a hash object. */
export const sha256d = (bytes: Uint8Array): Buffer => hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');
