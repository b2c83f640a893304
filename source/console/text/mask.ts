import type {Line} from './line.ts';

// Coins are written with eight decimals, in titles with as many as they have; a cut one ends in `…`. Versions, fee
// rates, latencies and clocks have fewer and are left alone.
const AMOUNT = /-?\d[\d,]*\.(?:\d{3,}|\d*…)/g;
const HIDDEN = '****';

const hide = (amount: string): string => HIDDEN.padStart(amount.length, ' ').slice(-amount.length);

/** The line with every amount hidden, as wide as before. `units` as in a pattern: `BTC|LTC`. */
export const maskLine = (line: Line, units: string): Line => {
  const ofUnits = units === '' ? undefined : new RegExp(String.raw`-?\d[\d,]*(?:\.\d+)?(?= (?:${units})\b)`, 'g');
  return line.map(piece => {
    const text = piece.text.replace(AMOUNT, hide);
    return {...piece, text: ofUnits ? text.replace(ofUnits, hide) : text};
  });
};
