import {z} from 'zod';
import {esploraUrl, websocketUrl} from '../addresses.ts';
import {duration, section, wholeNumber} from '../fields.ts';
import {anyBackend} from './any.ts';

export const esploraBackend = section('an esplora backend', {
  type: z.literal('esplora'),
  ...anyBackend,
  url: esploraUrl(),
  websocket: websocketUrl().optional(),
  timeout: duration('100ms', '10m').default(15_000),
  /** Of a server on this machine, which is one's own, more than of somebody else's. */
  requests_per_second: wholeNumber(1, 10_000).optional(),
  parallel: wholeNumber(1, 64).optional(),
});
