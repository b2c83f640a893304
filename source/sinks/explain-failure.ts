import {errors} from 'undici';
import {cleanText} from '../primitives/clean-text.ts';
import {EngineError, messageOf} from '../primitives/errors.ts';

const CLOSED = 'closed the connection without an answer';
const NOT_RESOLVED = 'is a name that cannot be resolved';

/** What went wrong at `host`, in words; by code, because texts change with versions. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection: nothing listens there',
  ENOTFOUND: NOT_RESOLVED,
  EAI_AGAIN: NOT_RESOLVED,
  ETIMEDOUT: 'cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'cannot be reached',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  UND_ERR_HEADERS_OVERFLOW: 'answered with more headers than are read',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a self-signed certificate in its chain',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that no known authority signed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that no known authority signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  EPROTO: 'does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'does not speak TLS there',
};

/** One clean line for the operator about a request that got no answer. Never holds the URL's path, nor the secret. */
export const explainFailure = (error: unknown, host: string): string => {
  if (error instanceof EngineError) return cleanText(error.message, 200);
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const words = error instanceof errors.HTTPParserError ? 'answered something that is not HTTP' : WORDS[code];
  return words === undefined ? cleanText(`${host}: ${messageOf(error)}`, 200) : `${host} ${words}`;
};
