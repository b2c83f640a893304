import type {Coin, NetworkName} from '../coins/index.ts';
import type {WrittenWallet} from '../descriptors/index.ts';
import type {EventType, Scope} from '../contract/index.ts';
import type {Satoshi} from '../primitives/amount.ts';

// What the rest of the program sees of config.yaml: parsed, defaulted, paths absolute, durations in milliseconds,
// variables filled in. Never log it: `redactedConfig` is what may be shown.

export interface Config {
  /** Absolute path of the file. */
  readonly path: string;
  readonly database: DatabaseConfig;
  readonly coins: ReadonlyMap<string, CoinConfig>;
  readonly sinks: ReadonlyMap<string, SinkConfig>;
  readonly api: ApiConfig;
  readonly service: ServiceConfig;
  /** Every secret value of this file, for the log's and the errors' redaction. */
  readonly secrets: readonly string[];
}

interface DatabaseConfig {
  readonly type: 'sqlite';
  /** Absolute path with `{coin}` in it. */
  readonly path: string;
}

export interface CoinConfig {
  readonly coin: string;
  /** What the name stands for: a built-in coin, or one that the file describes. */
  readonly definition: Coin;
  readonly network: NetworkName;
  readonly confirmations: number;
  readonly maxConfirmationCount: number;
  /** The preferred one: `backends[0]`. */
  readonly backend: BackendConfig;
  /** In order of preference. */
  readonly backends: readonly [BackendConfig, ...BackendConfig[]];
  /** Deposits of `above` and more are credited when that many backends say the same; undefined: one is enough. */
  readonly agreement: {readonly above: Satoshi; readonly sources: number} | undefined;
  /** Undefined: the node's own wallet makes the addresses and signs. */
  readonly wallet: WalletConfig | undefined;
  readonly payouts: PayoutConfig;
}

/** A wallet that the engine derives itself, from public keys. */
export interface WalletConfig {
  /** Checked against coin and network when the file was read. */
  readonly keys: WrittenWallet;
  /** Scripts beyond the last one handed out that are watched too; other wallet software looks as far. */
  readonly gapLimit: number;
  /** Where the ledger starts at init: a date (YYYY-MM-DD, UTC) or the height of the first block to look at. */
  readonly birthday: string | number | undefined;
  /** Undefined: nothing can be paid out. */
  readonly signer: SignerConfig | undefined;
}

/** By `type`. */
export type SignerConfig =
  /** The wallet of the bitcoind backend holds the keys. */
  {readonly type: 'node'} | PsbtSignerConfig | KeySignerConfig;

export interface PsbtSignerConfig {
  readonly type: 'psbt';
  /** Absolute path of the folder where unsigned transactions wait. */
  readonly folder: string;
}

export interface KeySignerConfig {
  readonly type: 'key';
  /** Absolute path of the encrypted seed. */
  readonly file: string;
  readonly passphrase: PassphraseSource;
  /** Kept by the process that signs, whatever the engine asks of it. In smallest units; undefined: any amount. */
  readonly limits: {readonly perTransaction: Satoshi | undefined; readonly perDay: Satoshi | undefined};
}

export type PassphraseSource =
  | {readonly kind: 'fd'; readonly fd: number}
  /** In the directory that systemd names in CREDENTIALS_DIRECTORY. */
  | {readonly kind: 'credential'; readonly name: string}
  | {readonly kind: 'file'; readonly path: string};

/** By `type`; config/backend-kinds/ has how each is written. */
export type BackendKind = BitcoindConfig | EsploraConfig | ElectrumConfig | BlockIoConfig;

export type BackendConfig = BackendKind & {
  /** By which people know it; no other backend of the coin has it. */
  readonly name: string;
  /** Its place in the file, `coins.btc.backend[1]`. */
  readonly field: string;
};

export type RpcAuth =
  | {readonly kind: 'cookie'; readonly path: string}
  | {readonly kind: 'password'; readonly user: string; readonly password: string};

export interface BitcoindConfig {
  readonly type: 'bitcoind';
  /** Its place in the file for error texts; `coins.<coin>.backend` unless said. */
  readonly field?: string;
  readonly url: string;
  readonly auth: RpcAuth;
  /** Undefined for a node that only tells of the network. */
  readonly wallet: string | undefined;
  /** Total deadline of one call, ms. */
  readonly timeout: number;
  readonly notify: readonly NotifyConfig[];
}

/** A server with Esplora's REST API: Blockstream's, mempool.space's, or one's own. */
export interface EsploraConfig {
  readonly type: 'esplora';
  /** Up to and with `/api`, without a slash at its end. */
  readonly url: string;
  /** mempool.space's websocket, which tells of news. */
  readonly websocket: string | undefined;
  /** Deadline of one request from when it gets its turn, ms. */
  readonly timeout: number;
  readonly requestsPerSecond: number;
  /** Requests under way at once. */
  readonly parallel: number;
}

/** A server with the Electrum protocol: ElectrumX, electrs, Fulcrum, one's own or a public one. */
export interface ElectrumConfig {
  readonly type: 'electrum';
  /** Its place in the file for error texts; `coins.<coin>.backend` unless said. */
  readonly field?: string;
  /** `tcp://host:port` or `ssl://host:port`. */
  readonly url: string;
  /** Total deadline of one call, ms. */
  readonly timeout: number;
  /** How its certificate is verified; by the system's CAs when neither is given. */
  readonly tls: {
    /** SHA-256 of the one certificate that is taken, hex digits with or without colons. */
    readonly fingerprint: string | undefined;
    /** Absolute path of a PEM file with the CAs, or the certificate itself. */
    readonly ca: string | undefined;
  };
  readonly limits: {
    /** Calls under way at once. */
    readonly inFlight: number;
    /** Calls in one message. */
    readonly batch: number;
    /** Bytes of one answer. */
    readonly message: number;
  };
}

/** An account of block.io: addresses and signatures. Facts of the chain come from `chain`. */
export interface BlockIoConfig {
  readonly type: 'blockio';
  readonly field?: string;
  readonly url: string;
  readonly apiKey: string;
  readonly wallet: BlockIoWalletConfig;
  /** The source of facts; holds no wallet. */
  readonly chain: BackendKind;
  /** Total deadline of one call, ms. */
  readonly timeout: number;
  /** Where its webhooks arrive. */
  readonly notify: readonly {
    readonly listen: {readonly host: string; readonly port: number};
    /** Undefined: every path. */
    readonly path: string | undefined;
  }[];
  /** What must not be shown, should its answers repeat it. */
  readonly secrets: readonly string[];
}

export type BlockIoWalletConfig =
  /** One key of ours and one of block.io's, both sign. The key itself, or the PIN that opens it; at least one. */
  | {readonly type: 'basic'; readonly pin: string | undefined; readonly key: string | undefined}
  /** 2 to 4 keys of ours, all of which sign, and one of block.io's, which does not have to. */
  | {
      readonly type: 'dtrust';
      readonly keys: readonly string[];
      /** Absolute path of the file with the scripts of its addresses, `{coin}` still in it. */
      readonly scripts: string;
    };

export type NotifyConfig =
  | {readonly type: 'zmq'; readonly url: string}
  | {readonly type: 'http'; readonly listen: {readonly host: string; readonly port: number}}
  /** Absolute path of a named pipe. */
  | {readonly type: 'pipe'; readonly path: string};

interface PayoutConfig {
  readonly fee: {
    readonly targetBlocks: number;
    /** sat/vB */
    readonly fallbackRate: number;
    readonly minRate: number;
    readonly maxRate: number;
    readonly paidBy: 'house' | 'account';
    /** sat/vB at or below which small coins are spent along; `minRate` when undefined. */
    readonly consolidateBelow?: number | undefined;
  };
  readonly limits: {
    readonly perPayout: Satoshi | undefined;
    readonly perHour: Satoshi | undefined;
    readonly perDay: Satoshi | undefined;
  };
  /** Addresses that are paid without a person, not checked yet; undefined: all. */
  readonly allow: readonly string[] | undefined;
  readonly approval: {readonly above: Satoshi | undefined};
}

interface AnySinkConfig {
  /** Undefined: all. */
  readonly types: readonly EventType[] | undefined;
  /** Sequence after which a new sink starts; now when undefined. */
  readonly from: number | undefined;
}

export interface WebhookConfig extends AnySinkConfig {
  readonly type: 'webhook';
  readonly url: string;
  /** Each signs every request; newest first. */
  readonly secrets: readonly string[];
  readonly allowPrivate: boolean;
}

export interface ScriptConfig extends AnySinkConfig {
  readonly type: 'script';
  /** The program, absolute when it was written as a path, and its arguments. */
  readonly command: readonly string[];
  /** Where it runs: the folder of the config file. */
  readonly folder: string;
  /** ms */
  readonly timeout: number;
}

export interface ModuleConfig extends AnySinkConfig {
  readonly type: 'module';
  /** Absolute path. */
  readonly path: string;
  /** ms */
  readonly timeout: number;
}

export interface NatsConfig extends AnySinkConfig {
  readonly type: 'nats';
  readonly url: string;
  /** With `{coin}` and `{type}` in it. */
  readonly subject: string;
  /** The stream that must take the events; any when undefined. */
  readonly stream: string | undefined;
  readonly credentials: NatsCredentials | undefined;
  /** ms */
  readonly timeout: number;
}

export type NatsCredentials =
  | {readonly kind: 'file'; readonly path: string}
  | {readonly kind: 'password'; readonly user: string; readonly password: string}
  | {readonly kind: 'token'; readonly token: string};

export type SinkConfig = WebhookConfig | ScriptConfig | ModuleConfig | NatsConfig;

export interface ApiConfig {
  /** Absolute path, at most 107 bytes. */
  readonly socket: string;
  readonly listen: {readonly host: string; readonly port: number} | undefined;
  /** Has every scope; its actor is called `api`. */
  readonly token: string | undefined;
  readonly tokens: readonly ApiToken[];
  /** Requests a second that each token may make over TCP. */
  readonly rateLimit: number;
}

/** A token that may do some things only. */
export interface ApiToken {
  readonly name: string;
  readonly token: string;
  readonly scopes: readonly Scope[];
}

export interface ServiceConfig {
  /** ms */
  readonly broadcastPeriod: number;
  readonly log: {readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly file: string | undefined};
}
