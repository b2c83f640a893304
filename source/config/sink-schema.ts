import {z} from 'zod';
import {eventType} from '../contract/index.ts';
import {credentialFree, natsUrl} from './addresses.ts';
import {choice, duration, expecting, kindOf, refuse, section, text, wholeNumber} from './fields.ts';
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

const SECRETS_EXPECTED = 'one secret, or two while one replaces the other: [new, old]';

/** One, or two while receivers move from the old one to the new: newest first. */
const webhookSecrets = () => {
  const one = webhookSecret();
  const several = z
    .array(one, expecting(SECRETS_EXPECTED))
    .min(1, expecting(SECRETS_EXPECTED))
    .max(2, expecting(SECRETS_EXPECTED));
  // Not a union: its problems would lose their places and words.
  return z.unknown().transform((value, context): readonly string[] => {
    const read = Array.isArray(value) ? several.safeParse(value) : one.safeParse(value);
    if (read.success) return [read.data].flat();
    for (const {message, path} of read.error.issues) context.addIssue({code: 'custom', message, path: [...path]});
    return z.NEVER;
  });
};

const URL_EXPECTED = 'an https URL such as https://shop.example/hooks/coins';

const webhookUrl = () =>
  text(URL_EXPECTED, 2000).superRefine((value, context) => {
    const url = credentialFree(value, context, 'the receiver; requests are signed with `secret`');
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
      refuse(context, `is not a URL; expected ${URL_EXPECTED}`);
    else if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
      refuse(context, `is plain http to another machine; expected https (http only to 127.0.0.1, ::1 or localhost)`);
  });

/** What every kind of sink takes. */
const common = {
  types: z
    .array(choice(eventType.options), expecting('a list of event types such as [deposit.credited, payout.settled]'))
    .min(1, expecting('at least one event type; leave `types` out for all'))
    .optional(),
  from: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
};

const webhook = section('a webhook', {
  type: z.literal('webhook'),
  url: webhookUrl(),
  secret: webhookSecrets(),
  ...common,
  allow_private: z.boolean(expecting('true or false')).default(false),
}).refine(sink => sink.allow_private || !isPrivateHost(new URL(sink.url).hostname), {
  path: ['url'],
  error: 'is in a private or link-local network; expected a public address, or `allow_private: true` beside it',
  when: ({value}) => URL.canParse((value as {url?: string} | undefined)?.url ?? ''),
});

const COMMAND_EXPECTED = 'a program and its arguments as a list, such as [./on-event.sh]';
/** The longest time that one event may keep its queue waiting for a local program. */
const timeout = () => duration('100ms', '10m').default(30_000);

const script = section('a script', {
  type: z.literal('script'),
  command: z
    .array(text(COMMAND_EXPECTED, 4000), expecting(COMMAND_EXPECTED))
    .min(1, expecting(COMMAND_EXPECTED))
    .max(100, expecting(COMMAND_EXPECTED)),
  timeout: timeout(),
  ...common,
});

const module = section('a module', {
  type: z.literal('module'),
  path: text('the path of a JavaScript module such as ./handler.mjs'),
  timeout: timeout(),
  ...common,
});

const SUBJECT_EXPECTED = 'a subject such as cryptoassets.{coin}.{type}';
const CREDENTIALS_EXPECTED = 'the path of a .creds file, {user: …, password: …} or {token: …}';

const natsSubject = () =>
  text(SUBJECT_EXPECTED, 200).superRefine((subject, context) => {
    const other = /\{(?!(?:coin|type)\})[^}]*\}?/.exec(subject);
    if (other) refuse(context, `has ${other[0]} in it; only {coin} and {type} are filled in`);
    else if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject))
      refuse(context, `is no subject to publish to; expected ${SUBJECT_EXPECTED}, without spaces and wildcards`);
  });

const natsLogin = section(CREDENTIALS_EXPECTED, {
  user: text('the user').optional(),
  password: text('the password').optional(),
  token: text('the token').optional(),
}).superRefine(({user, password, token}, context) => {
  const isUser = user !== undefined && password !== undefined && token === undefined;
  const isToken = token !== undefined && user === undefined && password === undefined;
  if (!isUser && !isToken) refuse(context, `is incomplete, or too much; expected ${CREDENTIALS_EXPECTED}`);
});

const natsCredentials = () =>
  z.unknown().transform((value, context): string | z.output<typeof natsLogin> => {
    const read =
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? natsLogin.safeParse(value)
        : text(CREDENTIALS_EXPECTED).safeParse(value);
    if (read.success) return read.data;
    for (const issue of read.error.issues) context.addIssue({...issue, path: [...issue.path]});
    return z.NEVER;
  });

const nats = section('a NATS JetStream sink', {
  type: z.literal('nats'),
  url: natsUrl(),
  subject: natsSubject().default('cryptoassets.{coin}.{type}'),
  stream: text('the name of the stream', 200).optional(),
  credentials: natsCredentials().optional(),
  timeout: duration('100ms', '1m').default(10_000),
  ...common,
});

export const sinkSchema = kindOf(
  'a sink such as {type: webhook, url: …, secret: …}',
  [webhook, script, module, nats],
  [],
);
export type SinkValues = z.output<typeof sinkSchema>;
