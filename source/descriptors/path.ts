/** Added to the number of a hardened step (BIP32). */
export const HARDENED = 0x8000_0000;

/** `84h` or `84'` -> 2^31 + 84; undefined for what is no step. */
export const readStep = (text: string): number | undefined => {
  const match = /^(\d{1,10})(['hH]?)$/.exec(text);
  if (!match || Number(match[1]) >= HARDENED) return undefined;
  return Number(match[1]) + (match[2] === '' ? 0 : HARDENED);
};

/** `/84h/0h/0h/1` */
export const writePath = (path: readonly number[]): string =>
  path.map(step => (step >= HARDENED ? `/${step - HARDENED}h` : `/${step}`)).join('');
