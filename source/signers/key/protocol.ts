import type {KeyNetwork, SignerBranches} from './account.ts';

// What the engine and its signer process say to each other: one JSON value a line, requests on the process's stdin,
// answers on its stdout. The passphrase comes on a descriptor of its own and is in none of them.

/** Descriptor on which the signer process finds the passphrase. */
export const PASSPHRASE_FD = 3;

/** The first line. */
export interface StartMessage {
  readonly coin: string;
  readonly network: KeyNetwork;
  /** Absolute path. */
  readonly keyFile: string;
  /** What the config says the wallet is: the key must be this one's. */
  readonly branches: SignerBranches;
  readonly limits: {
    readonly maxRate: number;
    /** Smallest units, in decimal. */
    readonly perTransaction: string | undefined;
    readonly perDay: string | undefined;
  };
}

/** The answer to it. After `failed` the process ends. */
export type StartAnswer =
  | {readonly kind: 'ready'}
  /** `code`: of the EngineError behind it. */
  | {readonly kind: 'failed'; readonly code: string; readonly words: string};

export interface SignRequest {
  /** Base64. */
  readonly psbt: string;
}

/** In the order of the requests. */
export type SignReply =
  {readonly kind: 'signed'; readonly raw: string} | {readonly kind: 'refused'; readonly words: string};

/** A PSBT of 2,000 outputs and as many inputs with their whole transactions is far below it. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Cuts a stream of bytes into lines. A line without an end ends the reading: `onFault` is called once. */
export const readLines = (
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  onFault: (words: string) => void,
): void => {
  let parts: string[] = [];
  let length = 0;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (length > LONGEST_LINE) return;
    const [first = '', ...rest] = chunk.split('\n');
    parts.push(first);
    length += first.length;
    if (length > LONGEST_LINE) return onFault('a line without an end');
    for (const next of rest) {
      onLine(parts.join(''));
      parts = [next];
      length = next.length;
    }
  });
};
