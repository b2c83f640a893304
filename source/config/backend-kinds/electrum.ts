import {z} from 'zod';
import {electrumUrl} from '../addresses.ts';
import {duration, expecting, refuse, section, text, wholeNumber} from '../fields.ts';
import {anyBackend} from './any.ts';

const FINGERPRINT = 'the SHA-256 fingerprint of the certificate, 64 hex digits with or without colons';
const TLS = '{fingerprint: "AB:CD:…"} for one certificate, or {ca: ./server.pem}';

const tls = section(TLS, {
  fingerprint: z
    .string(expecting(FINGERPRINT))
    .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, expecting(FINGERPRINT))
    .optional(),
  ca: text('the path of a PEM file').optional(),
}).superRefine(({fingerprint, ca}, context) => {
  if (fingerprint !== undefined && ca !== undefined)
    refuse(context, `gives both; expected ${TLS}: a pinned certificate is asked for nothing else`);
});

const limits = section('a mapping such as {in_flight: 200, batch: 50, message_mb: 32}', {
  in_flight: wholeNumber(1, 10_000).default(200),
  batch: wholeNumber(1, 1000).default(50),
  message_mb: wholeNumber(1, 256).default(32),
});

/** A server with the Electrum protocol, 1.4. */
export const electrumBackend = section('an electrum backend', {
  ...anyBackend,
  type: z.literal('electrum'),
  url: electrumUrl(),
  timeout: duration('100ms', '10m').default(15_000),
  tls: tls.default({}),
  limits: limits.prefault({}),
}).superRefine(({url, tls: {fingerprint, ca}}, context) => {
  if (url.startsWith('tcp:') && (fingerprint !== undefined || ca !== undefined))
    context.addIssue({
      code: 'custom',
      path: ['tls'],
      message: 'is for ssl:// servers, and `url` is tcp://, which is not encrypted; expected only one of the two',
    });
});
