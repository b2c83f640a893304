/** Addresses that were paid or received on before, as far as the console has asked. */
export interface KnownAddresses {
  readonly paid: ReadonlyMap<string, number>;
  readonly own: ReadonlySet<string>;
}

export const NOTHING_KNOWN: KnownAddresses = {paid: new Map(), own: new Set()};

/** People compare the two ends. That many characters at each make two addresses look the same. */
const ENDS = 4;

/** Without what all addresses of a kind begin with: `bc1q`, `tb1p`, `bcrt1q`; one letter of base58. */
const distinctive = (address: string): string => {
  const bech32 = /^[a-z]{2,4}1[a-z]?/.exec(address.toLowerCase());
  return address.slice(bech32 ? bech32[0].length : 1);
};

const looksLike = (one: string, other: string): boolean => {
  const [a, b] = [distinctive(one).toLowerCase(), distinctive(other).toLowerCase()];
  return a.slice(0, ENDS) === b.slice(0, ENDS) && a.slice(-ENDS) === b.slice(-ENDS);
};

export type AddressVerdict =
  | {readonly kind: 'own' | 'new'}
  | {readonly kind: 'paid'; readonly times: number}
  /** Begins and ends like one that is known, and is another: the way in which clipboards and histories are poisoned. */
  | {readonly kind: 'look-alike'; readonly of: string};

/** What is known about an address that somebody is about to pay. */
export const judgeAddress = (address: string, {paid, own}: KnownAddresses): AddressVerdict => {
  if (own.has(address)) return {kind: 'own'};
  const times = paid.get(address);
  if (times !== undefined) return {kind: 'paid', times};
  for (const known of [...paid.keys(), ...own]) if (looksLike(address, known)) return {kind: 'look-alike', of: known};
  return {kind: 'new'};
};
