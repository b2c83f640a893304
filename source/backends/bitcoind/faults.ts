import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError} from '../../primitives/errors.ts';
import {type ConnectionFault, type HttpFault, REFUSAL_CODE, type RefusalKind, refusalKind} from './fault-table.ts';
import type {Place} from './place.ts';

/** A JSON-RPC error. `kind` says what it means, `words` are the node's own, cleaned. */
export class Refusal extends EngineError {
  readonly kind: RefusalKind;
  readonly words: string;

  constructor(code: string, message: string, kind: RefusalKind, words: string, field?: string) {
    super(code, message, {retry: 'backoff', ...(field === undefined ? {} : {field})});
    this.kind = kind;
    this.words = words;
  }
}

export const isRefusal = (error: unknown, ...kinds: readonly RefusalKind[]): error is Refusal =>
  error instanceof Refusal && (kinds.length === 0 || kinds.includes(error.kind));

interface HttpWords {
  readonly code: string;
  readonly field: string;
  readonly message: string;
}

/** Refusals of which there is more to say than the node's words. */
const MESSAGES: Partial<Record<RefusalKind, (place: Place, words: string, method: string) => string>> = {
  'warming-up': ({node}, words) => `${node} is still starting: ${words}`,
  'not-ready': ({node}, words) => `${node} is not ready: ${words}`,
  'wallet-missing': place =>
    `${place.node} has no wallet "${place.wallet}" (${place.key('wallet')}): ` +
    `create it with \`${place.cli} createwallet ${place.wallet}\`, or name the right one`,
  'wallet-locked': ({node, wallet, cli}) =>
    `the wallet "${wallet}" of ${node} is locked: unlock it with \`${cli} -rpcwallet=${wallet} walletpassphrase\``,
  'wallet-busy': ({node, wallet}, words) => `the wallet "${wallet}" of ${node} is busy: ${words}`,
  pruned: ({node}) =>
    `${node} has pruned a block that is needed: start it with -prune=0 -reindex, or use a node that keeps its blocks`,
  unsupported: ({node}, _words, method) =>
    `${node} does not know the method ${method}: see docs/networks.md for the daemons that are supported`,
};

/**
 * Words for everything that can go wrong between us and a node: what, where, which key of the config, what to do.
 * All are worth another try: a node that was repaired needs no restart of ours.
 */
export class Faults {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  refusal(method: string, code: number, nodesWords: string): Refusal {
    const kind = refusalKind(code, nodesWords);
    const words = cleanText(nodesWords, 300);
    const message =
      MESSAGES[kind]?.(this.#place, words, method) ?? `${this.#place.node} refused ${method}: ${words} (${code})`;
    return new Refusal(REFUSAL_CODE[kind], message, kind, words, this.#field(kind));
  }

  #field(kind: RefusalKind): string | undefined {
    return kind === 'wallet-missing' ? this.#place.key('wallet') : undefined;
  }

  http(fault: HttpFault, status: number, contentType: string | undefined, method: string): EngineError {
    const {code, field, message} = this.#httpWords(status, contentType, method)[fault];
    return new EngineError(code, message, {retry: 'backoff', field});
  }

  #httpWords(status: number, contentType: string | undefined, method: string): Record<HttpFault, HttpWords> {
    const {node, authKey} = this.#place;
    const url = this.#place.key('url');
    const what = `HTTP ${status}, ${cleanText(contentType ?? 'no content type', 60)}`;
    return {
      unauthorized: {code: 'backend_auth', field: authKey, message: this.#unauthorized()},
      forbidden: {
        code: 'backend_auth',
        field: authKey,
        message: `${node} forbids ${method} (HTTP 403): allow this machine with rpcallowip, and the method if rpcwhitelist is set`,
      },
      'no-such-path': {
        code: 'bad_backend_answer',
        field: url,
        message: `${node} has nothing at this path (HTTP 404): correct ${url}`,
      },
      overloaded: {code: 'backend_overloaded', field: url, message: `${node} has too much to do (HTTP ${status})`},
      'not-bitcoind': {
        code: 'bad_backend_answer',
        field: url,
        message: `what answers at ${this.#place.origin} does not speak ${this.#place.daemon}'s RPC (${what}): correct ${url}`,
      },
    };
  }

  #unauthorized(): string {
    const {node, cookiePath, authKey} = this.#place;
    return cookiePath === undefined
      ? `${node} refuses this user and password: correct ${authKey}, or rpcauth in its ${this.#place.conf}`
      : `${node} refuses the cookie in ${cookiePath}: does the file belong to this node? Correct ${authKey}`;
  }

  /** The node answers, but the cookie file cannot be read. `code` is the system's, such as ENOENT. */
  cookie(code: string): EngineError {
    const {node, authKey, cookiePath} = this.#place;
    const message =
      code === 'ENOENT'
        ? `no cookie file at ${cookiePath} (${authKey}), though ${node} runs: ` +
          'it is in the node’s data directory, in `regtest/` for regtest; or set `auth: {user, password}`'
        : code === 'EACCES'
          ? `the cookie file ${cookiePath} (${authKey}) may not be read by this user: ` +
            `start ${this.#place.daemon} with -rpccookieperms=group, or run as its user`
          : `the cookie file ${cookiePath} (${authKey}) cannot be read: ${code}`;
    return new EngineError('backend_auth', message, {retry: 'backoff', field: authKey});
  }

  connection(fault: ConnectionFault, code: string, cause: unknown): EngineError {
    const {node} = this.#place;
    const url = this.#place.key('url');
    const words: Record<ConnectionFault, string> = {
      refused: `nothing listens there. Start ${this.#place.daemon}, or correct ${url}`,
      'no-such-host': `the host name is not known. Correct ${url}`,
      unreachable: `no way there (${code}). Is the machine up, and does its firewall let us in? See ${url}`,
      tls: `no secure connection (${code}). ${this.#place.daemon} itself speaks plain http: correct ${url}`,
      'not-http': `what answers there does not speak HTTP. Correct ${url}`,
      lost: `it closed the connection (${code})`,
    };
    return new EngineError('backend_down', `cannot reach ${node}: ${words[fault]}`, {
      retry: 'unknown-outcome',
      field: url,
      cause,
    });
  }

  timeout(method: string, milliseconds: number): EngineError {
    const message = `${this.#place.node} did not answer ${method} within ${milliseconds / 1000} s (${this.#place.key('timeout')})`;
    return new EngineError('backend_timeout', message, {retry: 'unknown-outcome', field: this.#place.key('timeout')});
  }

  badAnswer(method: string, problem: string, cause?: unknown): EngineError {
    const message = `${this.#place.node} answered ${method} with ${problem}`;
    return new EngineError('bad_backend_answer', message, {retry: 'backoff', cause});
  }
}
