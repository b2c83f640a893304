// What an operator may ask of the engine, bound to ids and never to rows.

export type Act =
  | {
      readonly kind: 'cancel-payout' | 'release-payout' | 'approve-payout' | 'repay-payout';
      readonly coin: string;
      readonly id: string;
    }
  /** Without a rate (sat/vB) the node's estimate. */
  | {readonly kind: 'bump'; readonly coin: string; readonly txid: string; readonly rate?: number}
  | {readonly kind: 'pause-payouts' | 'resume-payouts'; readonly coin: string}
  | {readonly kind: 'pause-sink' | 'resume-sink'; readonly sink: string}
  | {
      readonly kind: 'retry-delivery';
      readonly coin: string;
      readonly id: string;
      readonly sink: string;
      readonly sequence: number;
    }
  | {readonly kind: 'new-address'; readonly coin: string; readonly account: string; readonly label: string}
  | {
      readonly kind: 'new-payout';
      readonly coin: string;
      readonly account: string;
      readonly address: string;
      readonly amount: string;
      readonly label: string;
      /** Made when the form was confirmed: the same act again is the same payout. */
      readonly key: string;
    };

const MONEY: ReadonlySet<Act['kind']> = new Set([
  'cancel-payout',
  'release-payout',
  'approve-payout',
  'repay-payout',
  'bump',
  'resume-payouts',
  'new-payout',
]);

/** Moves money, or lets it move: on mainnet these ask for the end of the id. */
export const isMoneyAct = ({kind}: Act): boolean => MONEY.has(kind);

/** What the last four characters are asked of. */
export const idOf = (act: Act): string => {
  switch (act.kind) {
    case 'cancel-payout':
    case 'release-payout':
    case 'approve-payout':
    case 'repay-payout':
      return act.id;
    case 'bump':
      return act.txid;
    case 'pause-payouts':
    case 'resume-payouts':
      return act.coin;
    case 'new-payout':
      return act.address;
    case 'retry-delivery':
      return String(act.sequence);
    case 'pause-sink':
    case 'resume-sink':
      return act.sink;
    case 'new-address':
      return act.account;
    default:
      return act satisfies never;
  }
};

/** All of an id that has fewer. */
export const lastFour = (act: Act): string => idOf(act).slice(-4);

/** A word as a shell needs it. */
const shellWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

const labelled = (label: string): readonly string[] => (label === '' ? [] : ['--label', label]);

const wordsOf = (act: Act): readonly string[] => {
  switch (act.kind) {
    case 'cancel-payout':
    case 'release-payout':
    case 'approve-payout':
    case 'repay-payout':
      return ['payout', act.kind.replace('-payout', ''), act.coin, act.id];
    case 'bump':
      return ['broadcast', 'bump', act.coin, act.txid, ...(act.rate === undefined ? [] : ['--rate', String(act.rate)])];
    case 'pause-payouts':
    case 'resume-payouts':
      return ['payouts', act.kind.replace('-payouts', ''), act.coin];
    case 'pause-sink':
      return ['sink', 'pause', act.sink];
    case 'resume-sink':
      return ['sink', 'resume', act.sink];
    case 'retry-delivery':
      return ['delivery', 'retry', act.coin, act.id];
    case 'new-address':
      return ['address', 'new', act.coin, '--account', act.account, ...labelled(act.label)];
    case 'new-payout':
      return [
        'send',
        act.coin,
        act.address,
        act.amount,
        '--account',
        act.account,
        '--key',
        act.key,
        ...labelled(act.label),
      ];
    default:
      return act satisfies never;
  }
};

/** The command line that does the same, in the folder of the config or with `--config`. */
export const commandLine = (act: Act): string => ['cryptoassets-console', ...wordsOf(act)].map(shellWord).join(' ');

export const rescanCommand = (coin: string, from: string | undefined): string =>
  `cryptoassets-console rescan --coin ${shellWord(coin)}${from ? ` --from ${shellWord(from)}` : ''}`;
