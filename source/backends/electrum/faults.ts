import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError} from '../../primitives/errors.ts';
import {type ConnectionFault, REFUSAL_CODE, type RefusalKind, refusalKind} from './fault-table.ts';
import type {ServerPlace} from './place.ts';

/** A JSON-RPC error. `kind` says what it means, `words` are the server's own, cleaned. */
export class Refusal extends EngineError {
  readonly kind: RefusalKind;
  readonly number: number;
  /** As they came: what a broadcast's refusal means is read from them. Never shown. */
  readonly raw: string;

  constructor(message: string, refused: {kind: RefusalKind; number: number; raw: string}, field?: string) {
    super(REFUSAL_CODE[refused.kind], message, {retry: 'backoff', ...(field === undefined ? {} : {field})});
    this.kind = refused.kind;
    this.number = refused.number;
    this.raw = refused.raw;
  }
}

export const isRefusal = (error: unknown, ...kinds: readonly RefusalKind[]): error is Refusal =>
  error instanceof Refusal && (kinds.length === 0 || kinds.includes(error.kind));

/** Of a connection that ended without an error. */
export const CLOSED = 'closed';
export const CLOSED_BY_US = 'closed by us';

/** What an Electrum server was found to say that cannot be so. Its message names the server. */
const LIE = 'bad_backend_answer';

/**
 * Words for everything that can go wrong between us and a server: what, where, which key of the config, what to do. All
 * are worth another try: a server that was repaired needs no restart of ours.
 */
export class Faults {
  readonly #place: ServerPlace;

  constructor(place: ServerPlace) {
    this.#place = place;
  }

  refusal(method: string, code: number, serversWords: string): Refusal {
    const kind = refusalKind(code, serversWords);
    const refused = {kind, number: code, raw: serversWords};
    const {server} = this.#place;
    const words = cleanText(serversWords, 300);
    if (kind === 'overloaded') {
      const message = `${server} has too much to do, or we ask too much of it: ${words}. Lower ${this.#place.key('limits')}`;
      return new Refusal(message, refused, this.#place.key('limits'));
    }
    if (kind === 'history-too-long') {
      const message = `${server} lists no history as long as that of one of our addresses (${words}): use a server with a higher limit`;
      return new Refusal(message, refused, this.#place.key('url'));
    }
    if (kind === 'unsupported')
      return new Refusal(`${server} does not know the method ${method}: see docs/networks.md`, refused);
    if (kind === 'warming-up') return new Refusal(`${server} is still starting: ${words}`, refused);
    return new Refusal(`${server} refused ${method}: ${words} (${code})`, refused);
  }

  connection(fault: ConnectionFault, code: string, cause?: unknown): EngineError {
    const {server} = this.#place;
    const url = this.#place.key('url');
    const words: Record<ConnectionFault, string> = {
      refused: `nothing listens there. Correct ${url}, or start the server`,
      'no-such-host': `the host name is not known. Correct ${url}`,
      unreachable: `no way there (${code}). Is the machine up, and does its firewall let us in? See ${url}`,
      tls: `no secure connection (${code}). Does it speak TLS on this port? See ${url}`,
      lost: code === CLOSED ? 'it closed the connection' : `the connection broke (${code})`,
    };
    return this.#down(`cannot reach ${server}: ${words[fault]}`, url, cause);
  }

  /** `problem` by the TLS library, such as SELF_SIGNED_CERT; `fingerprint` of what the server showed. */
  certificate(problem: string, fingerprint: string): EngineError {
    const key = this.#place.key('tls.fingerprint');
    const message =
      `the certificate of ${this.#place.server} is not one that can be checked (${cleanText(problem, 80)}). ` +
      `If its operator tells you the same fingerprint, pin it: ${key}: "${fingerprint}"`;
    return this.#down(message, key);
  }

  otherFingerprint(fingerprint: string): EngineError {
    const key = this.#place.key('tls.fingerprint');
    const message =
      `${this.#place.server} shows another certificate than the one that is pinned (${key}): its fingerprint is ` +
      `${fingerprint}. Nothing was sent. Ask its operator before you change the pin`;
    return this.#down(message, key);
  }

  caFile(path: string, problem: string): EngineError {
    const key = this.#place.key('tls.ca');
    return this.#down(`the certificate file ${path} (${key}) cannot be used: ${cleanText(problem, 120)}`, key);
  }

  timeout(method: string, milliseconds: number): EngineError {
    const key = this.#place.key('timeout');
    const message = `${this.#place.server} did not answer ${method} within ${milliseconds / 1000} s (${key})`;
    return new EngineError('backend_timeout', message, {retry: 'unknown-outcome', field: key});
  }

  tooLong(bytes: number): EngineError {
    const key = this.#place.key('limits.message_mb');
    const message = `${this.#place.server} sent a message of more than ${bytes} bytes (${key})`;
    return new EngineError('bad_backend_answer', message, {retry: 'backoff', field: key});
  }

  notElectrum(problem: string): EngineError {
    const key = this.#place.key('url');
    const message = `what answers at ${this.#place.url} does not speak the Electrum protocol (${cleanText(problem, 80)}): correct ${key}`;
    return new EngineError('bad_backend_answer', message, {retry: 'backoff', field: key});
  }

  badAnswer(method: string, problem: string, cause?: unknown): EngineError {
    return new EngineError(LIE, `${this.#place.server} answered ${method} with ${problem}`, {retry: 'backoff', cause});
  }

  /** What it says cannot be so: it lies or is broken. Nothing of it is believed. */
  lie(problem: string): EngineError {
    const key = this.#place.key('url');
    const message = `${this.#place.server} says what cannot be: ${problem}. Nothing of it was believed; use another server (${key})`;
    return new EngineError(LIE, message, {retry: 'backoff', field: key});
  }

  stale(problem: string): EngineError {
    return new EngineError('stale_facts', problem, {retry: 'backoff'});
  }

  learning(done: number, scripts: number): EngineError {
    const message = `${this.#place.server}: learning what it knows of our addresses, ${done} of ${scripts} so far`;
    return new EngineError('backend_warming_up', message, {retry: 'backoff'});
  }

  #down(message: string, field: string, cause?: unknown): EngineError {
    return new EngineError('backend_down', message, {retry: 'unknown-outcome', field, cause});
  }
}
