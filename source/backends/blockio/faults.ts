import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError} from '../../primitives/errors.ts';
import {FAIL_CODE, failKind, type FailKind} from './fault-table.ts';
import type {Place} from './place.ts';

/** `status: fail`. `words` are block.io's own, cleaned, and without our secrets should it repeat one. */
export class Fail extends EngineError {
  readonly kind: FailKind;
  readonly words: string;

  constructor(message: string, kind: FailKind, words: string, field?: string) {
    super(FAIL_CODE[kind], message, {retry: 'backoff', ...(field === undefined ? {} : {field})});
    this.kind = kind;
    this.words = words;
  }
}

export const isFail = (error: unknown, ...kinds: readonly FailKind[]): error is Fail =>
  error instanceof Fail && (kinds.length === 0 || kinds.includes(error.kind));

/** Words for everything that can go wrong between us and block.io: what, where, which key of the config, what to do. */
export class Faults {
  readonly #place: Place;
  readonly #secrets: readonly string[];

  constructor(place: Place, secrets: readonly string[]) {
    this.#place = place;
    this.#secrets = secrets;
  }

  fail(method: string, theirWords: string): Fail {
    const kind = failKind(theirWords);
    const words = cleanText(this.#withoutSecrets(theirWords), 300);
    const {node} = this.#place;
    if (kind !== 'unauthorized') return new Fail(`${node} refused ${method}: ${words}`, kind, words);
    const field = this.#place.key('api_key');
    const message = `${node} refuses the API key (${field}), or calls from this machine: ${words}`;
    return new Fail(message, kind, words, field);
  }

  /** An answer that is none of its API's. */
  http(method: string, status: number, contentType: string | undefined): EngineError {
    const {node} = this.#place;
    if (status === 429)
      return new EngineError('backend_overloaded', `${node} takes no more calls for now (HTTP 429, ${method})`, {
        retry: 'backoff',
      });
    if (status >= 500)
      return new EngineError('backend_down', `${node} cannot answer ${method} now (HTTP ${status})`, {
        retry: 'unknown-outcome',
      });
    const what = `HTTP ${status}, ${cleanText(contentType ?? 'no content type', 60)}`;
    return new EngineError(
      'bad_backend_answer',
      `what answers ${method} at ${node} does not speak block.io's API (${what}): correct ${this.#place.key('url')}`,
      {retry: 'unknown-outcome', field: this.#place.key('url')},
    );
  }

  connection(code: string, cause: unknown): EngineError {
    const message = `cannot reach ${this.#place.node} (${cleanText(code, 60)}): see ${this.#place.key('url')}`;
    return new EngineError('backend_down', message, {retry: 'unknown-outcome', cause});
  }

  timeout(method: string, milliseconds: number): EngineError {
    const field = this.#place.key('timeout');
    const message = `${this.#place.node} did not answer ${method} within ${milliseconds / 1000} s (${field})`;
    return new EngineError('backend_timeout', message, {retry: 'unknown-outcome', field});
  }

  badAnswer(method: string, problem: string): EngineError {
    return new EngineError('bad_backend_answer', `${this.#place.node} answered ${method} with ${problem}`, {
      retry: 'unknown-outcome',
    });
  }

  wrongNetwork(theirs: string): EngineError {
    const {coin, network, node} = this.#place;
    const message =
      `the API key (${this.#place.key('api_key')}) is for ${cleanText(theirs, 20)} at ${node}, ` +
      `and coins.${coin}.network asks for ${network}: use the key of that network`;
    return new EngineError('wallet_mismatch', message, {field: this.#place.key('api_key')});
  }

  #withoutSecrets(words: string): string {
    let clean = words;
    for (const secret of this.#secrets) if (secret !== '') clean = clean.replaceAll(secret, '…');
    return clean;
  }
}
