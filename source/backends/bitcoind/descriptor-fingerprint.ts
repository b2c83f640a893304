import {createHash} from 'node:crypto';

/**
 * Names a public descriptor: 32 hex digits. Its checksum and the way hardened steps are written (`h` since Core 26,
 * `'` before) are left out, so that the name survives an upgrade of the node.
 */
export const descriptorFingerprint = (descriptor: string): string => {
  const canonical = descriptor.replace(/#[a-z0-9]{8}$/, '').replaceAll("'", 'h');
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32);
};
