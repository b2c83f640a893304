import {distance} from 'fastest-levenshtein';

/** `maxConfirmationCount` and `max-confirmation-count` are as near to `max_confirmation_count` as can be. */
const plain = (word: string) => word.toLowerCase().replaceAll(/[-_]/g, '');

/** Edits that may be mistakes of typing: two in five letters, in short words two only behind the right first letter. */
const allowed = (wanted: string, other: string): number =>
  wanted.length > 4 ? Math.floor(wanted.length * 0.4) : wanted[0] === other[0] ? 2 : 1;

/** The known word that a mistyped one most likely means, or undefined when none is near. */
const nearest = (word: string, known: Iterable<string>): string | undefined => {
  const wanted = plain(word.slice(0, 60));
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const other = plain(candidate);
    const close = wanted.length >= 3 && other.startsWith(wanted) ? 0.5 : distance(wanted, other);
    if (close <= allowed(wanted, other) && close < bestDistance) {
      best = candidate;
      bestDistance = close;
    }
  }
  return best;
};

/** `; did you mean network?`, or nothing. */
export const didYouMean = (word: string, known: Iterable<string>): string => {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
};
