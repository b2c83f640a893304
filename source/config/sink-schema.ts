import {z} from 'zod';
import {eventType} from '../contract/index.ts';
import {credentialFree} from './addresses.ts';
import {choice, expecting, kindOf, refuse, section, text, wholeNumber} from './fields.ts';
import {isLoopbackHost, isPrivateHost} from './hosts.ts';

const SECRET_EXPECTED = 'a secret of at least 24 bytes, or whsec_ and base64 (make one: openssl rand -base64 32)';
/** 128 bits: what is decoded from whsec_ is all key. */
const MIN_DECODED_BYTES = 16;

const webhookSecret = () =>
  text(SECRET_EXPECTED, 500).superRefine((secret, context) => {
    const bytes = Buffer.byteLength(secret);
    if (!secret.startsWith('whsec_')) {
      if (bytes < 24) refuse(context, `is ${bytes} bytes long; expected ${SECRET_EXPECTED}`);
      return;
    }
    const encoded = secret.slice('whsec_'.length);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded))
      refuse(context, `is not base64 after whsec_; expected ${SECRET_EXPECTED}`);
    else if (Buffer.from(encoded, 'base64').length < MIN_DECODED_BYTES)
      refuse(context, `holds fewer than ${MIN_DECODED_BYTES} bytes after whsec_; expected ${SECRET_EXPECTED}`);
  });

const URL_EXPECTED = 'an https URL such as https://shop.example/hooks/coins';

const webhookUrl = () =>
  text(URL_EXPECTED, 2000).superRefine((value, context) => {
    const url = credentialFree(value, context, 'the receiver; requests are signed with `secret`');
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
      refuse(context, `is not a URL; expected ${URL_EXPECTED}`);
    else if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
      refuse(context, `is plain http to another machine; expected https (http only to 127.0.0.1, ::1 or localhost)`);
  });

const webhook = section('a webhook', {
  type: z.literal('webhook'),
  url: webhookUrl(),
  secret: webhookSecret(),
  types: z
    .array(choice(eventType.options), expecting('a list of event types such as [deposit.credited, payout.settled]'))
    .min(1, expecting('at least one event type; leave `types` out for all'))
    .optional(),
  from: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  allow_private: z.boolean(expecting('true or false')).default(false),
}).refine(sink => sink.allow_private || !isPrivateHost(new URL(sink.url).hostname), {
  path: ['url'],
  error: 'is in a private or link-local network; expected a public address, or `allow_private: true` beside it',
  when: ({value}) => URL.canParse((value as {url?: string} | undefined)?.url ?? ''),
});

export const sinkSchema = kindOf(
  'a sink such as {type: webhook, url: …, secret: …}',
  [webhook],
  ['script', 'module', 'nats'],
);
