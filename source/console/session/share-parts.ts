type Parts = Record<string, unknown>;

const isParts = (value: unknown): value is Parts => typeof value === 'object' && value !== null;

/**
 * `next`, in which every part that says the same as in `before` is that very part: the rest of a status is garbage at
 * once, and what is made from a part is known to be the same. Both are JSON; `next` is taken over and changed in place.
 */
export const shareParts = <Value>(before: unknown, next: Value): Value => {
  if (Object.is(before, next) || !isParts(before) || !isParts(next)) return next;
  if (Array.isArray(before) !== Array.isArray(next)) return next;
  const names = Object.keys(next);
  let isSame = Object.keys(before).length === names.length;
  for (const name of names) {
    const shared = shareParts(before[name], next[name]);
    (next as Parts)[name] = shared;
    isSame &&= Object.is(shared, before[name]) && name in before;
  }
  return isSame ? (before as Value) : next;
};
