/** Every flag of every verb: one name means one thing everywhere. */
export const FLAGS = {
  config: {type: 'string', value: 'PATH', help: 'config file (else $CRYPTOASSETS_CONFIG, else ./config.yaml)'},
  json: {type: 'boolean', help: 'one JSON value on stdout; errors as JSON on stderr'},
  help: {type: 'boolean', help: 'this text', shortFlag: 'h'},
  version: {type: 'boolean', help: 'the version of this program', shortFlag: 'v'},
  headless: {type: 'boolean', help: 'the engine alone, without a screen'},
  ascii: {type: 'boolean', help: 'draw with ASCII characters only'},
  theme: {
    type: 'string',
    value: 'NAME',
    help: 'auto, ansi, dark, light, okabe-ito (colour-blind-safe), okabe-ito-light',
  },
  screenReader: {type: 'boolean', help: 'lines for a screen reader instead of a screen'},
  coin: {type: 'string', value: 'COIN', help: 'only this coin'},
  from: {type: 'string', value: 'HEIGHT|DATE', help: 'block height or YYYY-MM-DD (UTC) to begin at'},
  method: {
    type: 'string',
    value: 'METHOD',
    help: 'blocks, scanblocks, filters, coins or histories (default: the cheapest that finds everything)',
  },
  estimate: {type: 'boolean', help: 'say what it would cost by each method, and start nothing'},
  account: {type: 'string', value: 'NAME', help: 'the account'},
  label: {type: 'string', value: 'TEXT', help: 'a note of yours, kept with it'},
  key: {type: 'string', value: 'KEY', help: 'idempotency key: the same key never pays twice'},
  status: {type: 'string', value: 'STATUS', help: 'only those in this state'},
  sink: {type: 'string', value: 'NAME', help: 'the sink, as the config names it'},
  address: {type: 'string', value: 'ADDRESS', help: 'only to this address'},
  txid: {type: 'string', value: 'TXID', help: 'only of this network transaction'},
  backup: {type: 'string', value: 'DIR', help: 'the folder of a backup'},
  limit: {type: 'string', value: 'N', help: 'at most so many, 1 to 1000 (default 100)'},
  cursor: {type: 'string', value: 'CURSOR', help: 'the page after, as the previous page said'},
  after: {type: 'string', value: 'SEQ', help: 'only events after this sequence number (default 0)'},
  follow: {type: 'boolean', help: 'go on with new events as they come, until Ctrl-C'},
  actor: {type: 'string', value: 'NAME', help: 'only what this token, or `local`, did'},
  action: {type: 'string', value: 'ACTION', help: 'only this kind of act, such as payout.release'},
  subject: {type: 'string', value: 'ID', help: 'only what was done to this'},
  to: {type: 'string', value: 'NAME|DIR', help: 'the account that gets it; for a backup, the folder to make'},
  rate: {type: 'string', value: 'RATE', help: 'feerate in sat/vB, such as 25'},
  reason: {type: 'string', value: 'TEXT', help: 'why, for those who read the audit log later'},
  type: {type: 'string', value: 'TYPE', help: 'kind of addresses: legacy, nested, segwit (default) or taproot'},
  accountNumber: {type: 'string', value: 'N', help: "number of the account in the key's tree, from 0 (default)"},
  reveal: {type: 'boolean', help: 'print the secret words with the result'},
  directory: {type: 'string', value: 'PATH', help: 'where config, ledger and node live (default ./demo)'},
} as const satisfies Record<string, FlagDefinition>;

export interface FlagDefinition {
  readonly type: 'string' | 'boolean';
  readonly value?: string;
  readonly help: string;
  readonly shortFlag?: string;
}

export type FlagName = keyof typeof FLAGS;

/** Only what was given. */
export type Flags = {
  readonly [Name in FlagName]?: (typeof FLAGS)[Name]['type'] extends 'string' ? string : boolean;
};

/** Flags that every verb takes. */
export const COMMON_FLAGS: readonly FlagName[] = ['config', 'json', 'help'];

/** As it is typed: `--screen-reader`. */
export const flagText = (name: string): string => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
