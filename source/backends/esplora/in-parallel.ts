/** Maps with so many under way at once; results in the order of the items. The first failure ends it. */
export const inParallel = async <Item, Result>(
  items: readonly Item[],
  atOnce: number,
  map: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  let next = 0;
  let failed = false;
  const work = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await map(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({length: Math.min(atOnce, items.length)}, work));
  return results;
};

/**
 * The same as a stream in order, never further ahead of its reader than `atOnce` results. Leaving it early is left to
 * `signal`, which `map` should heed.
 */
export async function* streamInParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  let next = 0;
  const fill = () => {
    while (underWay.length < atOnce && next < items.length) {
      const result = map(items[next++]!);
      // Awaited below, in order; until then a failure must not count as unobserved.
      result.catch(() => undefined);
      underWay.push(result);
    }
  };
  for (fill(); underWay.length > 0; fill()) yield await underWay.shift()!;
}
