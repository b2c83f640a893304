interface Named {
  readonly name: string;
  readonly help: string;
}

/** Letters of `wanted` in their order; words begun and letters in a row count more. Undefined: no match. */
const score = (wanted: string, text: string): number | undefined => {
  let total = 0;
  let from = 0;
  let previous = -2;
  for (const letter of wanted) {
    const at = text.indexOf(letter, from);
    if (at === -1) return undefined;
    if (at === previous + 1) total += 4;
    if (at === 0 || text[at - 1] === ' ' || text[at - 1] === '-') total += 3;
    total -= Math.min(3, at - from);
    previous = at;
    from = at + 1;
  }
  return total - text.length / 100;
};

/** Those that match what is written, best first. A name that is written out, arguments behind it, comes first. */
export const rankEntries = <Entry extends Named>(entries: readonly Entry[], input: string): readonly Entry[] => {
  const wanted = input.trimStart().toLowerCase();
  if (wanted.trim() === '') return entries;
  const exact = entries
    .filter(({name}) => wanted === name || wanted.startsWith(`${name} `))
    .sort((one, other) => other.name.length - one.name.length);
  if (exact.length > 0)
    return exact.slice(0, 1).concat(entries.filter(entry => entry.name.startsWith(wanted) && entry !== exact[0]));
  const letters = wanted.replaceAll(' ', '');
  return entries
    .flatMap(entry => {
      const byName = score(letters, entry.name);
      const byHelp = byName === undefined ? score(letters, entry.help.toLowerCase()) : undefined;
      if (byName !== undefined) return [{entry, rank: byName + 20}];
      // Letters spread over a sentence match by chance; a word of it does not.
      return byHelp !== undefined && entry.help.toLowerCase().includes(wanted.trim()) ? [{entry, rank: byHelp}] : [];
    })
    .sort((one, other) => other.rank - one.rank)
    .map(({entry}) => entry);
};
