/** Rows by their place, of which only those near what is looked at are there. */
export interface List<Row> {
  readonly length: number;
  /** Undefined: beyond the end, or not loaded. */
  at(index: number): Row | undefined;
  /** -1: not among the rows that are there. */
  indexOf(id: string): number;
  /** All that are there. */
  loaded(): Iterable<Row>;
}

interface Identified {
  readonly id: string;
}

export const listOfRows = <Row extends Identified>(rows: readonly Row[]): List<Row> => ({
  length: rows.length,
  at: index => rows[index],
  indexOf: id => rows.findIndex(row => row.id === id),
  loaded: () => rows,
});

interface Stretch<Row> {
  readonly start: number;
  readonly length: number;
  readonly rows: readonly Row[] | undefined;
}

/** Stretches one after another, and `beyond` more rows of which nothing is known yet. */
export const listOfStretches = <Row extends Identified>(
  parts: readonly {readonly length: number; readonly rows: readonly Row[] | undefined}[],
  beyond: number,
): List<Row> => {
  const stretches: Stretch<Row>[] = [];
  let known = 0;
  for (const {length, rows} of parts) {
    stretches.push({start: known, length, rows});
    known += length;
  }
  const loaded = stretches.filter(stretch => stretch.rows !== undefined);
  return {
    length: known + beyond,
    at: index => {
      const stretch = loaded.find(({start, length}) => index >= start && index < start + length);
      return stretch?.rows?.[index - stretch.start];
    },
    indexOf: id => {
      for (const {start, rows} of loaded) {
        const found = rows!.findIndex(row => row.id === id);
        if (found !== -1) return start + found;
      }
      return -1;
    },
    loaded: () => loaded.flatMap(({rows}) => rows!),
  };
};
