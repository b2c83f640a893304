/** The ledger file of one coin. */
export const sqliteFile = (location: {readonly path: string; readonly coin: string}): string =>
  location.path.replaceAll('{coin}', location.coin);
