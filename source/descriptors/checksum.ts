/** The characters that descriptors are made of, in the order that the checksum counts them by (BIP380). */
const INPUT = '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const OUTPUT = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn];

const step = (state: bigint, value: number): bigint => {
  const top = state >> 35n;
  let next = ((state & 0x7ffffffffn) << 5n) ^ BigInt(value);
  for (const [bit, generator] of GENERATOR.entries()) if ((top >> BigInt(bit)) & 1n) next ^= generator;
  return next;
};

/** The eight characters behind the `#` of a descriptor (BIP380); undefined when it holds a character that none has. */
export const descriptorChecksum = (descriptor: string): string | undefined => {
  let state = 1n;
  let group = 0;
  let grouped = 0;
  for (const character of descriptor) {
    const position = INPUT.indexOf(character);
    if (position < 0) return undefined;
    state = step(state, position & 31);
    group = group * 3 + (position >> 5);
    grouped += 1;
    if (grouped === 3) {
      state = step(state, group);
      group = 0;
      grouped = 0;
    }
  }
  if (grouped > 0) state = step(state, group);
  for (let i = 0; i < 8; i++) state = step(state, 0);
  state ^= 1n;
  let checksum = '';
  for (let i = 0; i < 8; i++) checksum += OUTPUT[Number((state >> BigInt(5 * (7 - i))) & 31n)];
  return checksum;
};
