/** What a gap means to whoever needs the wallet elsewhere. */
export const gapWords = (unused: number, gapLimit: number): string =>
  `${unused} addresses in a row were handed out and not paid; other wallet software looks ${gapLimit} ahead and would ` +
  'not find what is paid behind them: raise its gap limit when you restore this wallet there';
