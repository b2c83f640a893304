import {cleanText} from '../../primitives/clean-text.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {ConnectionFault} from '../bitcoind/fault-table.ts';
import type {Place} from './place.ts';

/** What an HTTP status means that is neither an answer nor "there is no such thing". */
type HttpFault = 'busy' | 'forbidden' | 'redirect' | 'fault' | 'refused';

const httpFault = (status: number): HttpFault => {
  if (status === 429 || (status >= 502 && status <= 504)) return 'busy';
  if (status === 401 || status === 402 || status === 403) return 'forbidden';
  if (status >= 300 && status < 400) return 'redirect';
  return status >= 500 ? 'fault' : 'refused';
};

/** Whether the server asks to be asked again later. */
export const isBusy = (status: number): boolean => httpFault(status) === 'busy';

/** The code of a system or library error. undici's parser errors may have only a name. */
export const codeOf = (error: unknown): string => {
  const {code, name} = error as {code?: unknown; name?: unknown};
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : '';
};

/**
 * Words for everything that can go wrong between us and a server: what, where, which key of the config, what to do.
 * All are worth another try: a server that was repaired needs no restart of ours.
 */
export class Faults {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  http(status: number, body: string, location: string | undefined, route: string): EngineError {
    const {server} = this.#place;
    const url = this.#place.key('url');
    const words = cleanText(body.trim() === '' || body.trimStart().startsWith('<') ? 'no reason' : body.trim(), 200);
    const messages: Record<HttpFault, [code: string, message: string]> = {
      busy: [
        'backend_overloaded',
        status === 429
          ? `${server} says that we ask too often (HTTP 429): lower ${this.#place.key('requests_per_second')}, or use a server of your own`
          : `${server} has too much to do, or what is behind it does not answer (HTTP ${status})`,
      ],
      forbidden: [
        'backend_auth',
        `${server} refuses us (HTTP ${status}): it may have barred this address for asking too often, or wants a subscription. Use another one: ${url}`,
      ],
      redirect: [
        'bad_backend_answer',
        `${server} sends us to ${cleanText(location ?? 'nowhere', 100)} (HTTP ${status}): correct ${url}`,
      ],
      fault: ['backend_overloaded', `${server} failed to answer ${route} (HTTP ${status}): ${words}`],
      refused: ['bad_backend_answer', `${server} refused ${route} (HTTP ${status}): ${words}`],
    };
    const [code, message] = messages[httpFault(status)];
    return new EngineError(code, message, {retry: 'backoff', field: url});
  }

  /** Asked to wait longer than one call may take. */
  mustWait(milliseconds: number): EngineError {
    const {server} = this.#place;
    const key = this.#place.key('requests_per_second');
    return new EngineError(
      'backend_overloaded',
      `${server} wants not to be asked for another ${Math.ceil(milliseconds / 1000)} s: lower ${key}, or use a server of your own`,
      {retry: 'backoff', field: key},
    );
  }

  /** There is nothing where every Esplora server has something. */
  noApi(route: string): EngineError {
    const url = this.#place.key('url');
    return new EngineError(
      'bad_backend_answer',
      `what answers at ${this.#place.url} is no Esplora API (nothing at ${route}): correct ${url}, such as https://blockstream.info/api`,
      {retry: 'backoff', field: url},
    );
  }

  notFound(what: string): EngineError {
    return new EngineError('backend_not_found', `${this.#place.server} does not have ${what}`, {retry: 'backoff'});
  }

  connection(fault: ConnectionFault, code: string, cause: unknown): EngineError {
    const url = this.#place.key('url');
    const words: Record<ConnectionFault, string> = {
      refused: `nothing listens there. Start the server, or correct ${url}`,
      'no-such-host': `the host name is not known. Correct ${url}`,
      unreachable: `no way there (${code}). Is this machine online? See ${url}`,
      tls: `no secure connection (${code}). Correct ${url}`,
      'not-http': `what answers there does not speak HTTP. Correct ${url}`,
      lost: `it closed the connection (${code})`,
    };
    return new EngineError('backend_down', `cannot reach ${this.#place.server}: ${words[fault]}`, {
      retry: 'unknown-outcome',
      field: url,
      cause,
    });
  }

  timeout(route: string, milliseconds: number): EngineError {
    const field = this.#place.key('timeout');
    return new EngineError(
      'backend_timeout',
      `${this.#place.server} did not answer ${route} within ${milliseconds / 1000} s (${field})`,
      {retry: 'unknown-outcome', field},
    );
  }

  badAnswer(route: string, problem: string, cause?: unknown): EngineError {
    return new EngineError('bad_backend_answer', `${this.#place.server} answered ${route} with ${problem}`, {
      retry: 'backoff',
      cause,
    });
  }

  /** The server shows what cannot be: said louder than a mere mistake, as it should not be used on. */
  lie(problem: string): EngineError {
    return new EngineError(
      'bad_backend_answer',
      `${this.#place.server} shows ${problem}: it is broken or lies; use another one (${this.#place.key('url')})`,
      {retry: 'backoff', field: this.#place.key('url')},
    );
  }
}
