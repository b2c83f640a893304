import {z} from 'zod';
import {scope} from '../contract/index.ts';
import {listenAddress} from './addresses.ts';
import {choice, expecting, refuse, section, text, wholeNumber} from './fields.ts';

const TOKEN_EXPECTED = 'a token of at least 16 characters without spaces (make one: openssl rand -hex 24)';
const NAME_EXPECTED = 'a name of 1 to 40 lower-case letters, digits and _ . -, such as shop';
const SCOPES_EXPECTED = `a list of what it may do, of ${scope.options.join(', ')}`;
/** Names by which the audit log knows others. */
const TAKEN_NAMES = new Set(['api', 'local', 'engine']);

const token = () =>
  z
    .string(expecting(TOKEN_EXPECTED))
    .regex(/^[\x21-\x7e]*$/, expecting(TOKEN_EXPECTED))
    .min(16, expecting(TOKEN_EXPECTED))
    .max(500, expecting('a token of at most 500 characters'));

const namedToken = section('a token such as {name: shop, token: "${SHOP_TOKEN}", scopes: [read, pay]}', {
  name: z
    .string(expecting(NAME_EXPECTED))
    .regex(/^[a-z0-9][a-z0-9_.-]{0,39}$/, expecting(NAME_EXPECTED))
    .refine(name => !TAKEN_NAMES.has(name), {error: 'is taken by the program itself; expected another name'}),
  token: token(),
  scopes: z.array(choice(scope.options), expecting(SCOPES_EXPECTED)).min(1, expecting(SCOPES_EXPECTED)),
});

/** Two tokens of one name, or one token of two names, would make the audit log lie. */
const refuseTwins = (tokens: readonly {name: string; token: string}[], context: z.RefinementCtx): void => {
  for (const field of ['name', 'token'] as const) {
    const seen = new Set<string>();
    for (const [index, entry] of tokens.entries()) {
      if (seen.has(entry[field]))
        context.addIssue({code: 'custom', path: [index, field], message: 'is there twice; expected one of its own'});
      seen.add(entry[field]);
    }
  }
};

export const apiSection = section('a mapping with `socket`, `listen` and `token`', {
  socket: text('the path of a unix socket').default('./data/engine.sock'),
  listen: listenAddress().optional(),
  token: token().optional(),
  tokens: z.array(namedToken, expecting('a list of tokens')).superRefine(refuseTwins).default([]),
  rate_limit: wholeNumber(1, 1_000_000).default(2000),
})
  .refine(({listen, token, tokens}) => listen === undefined || token !== undefined || (tokens ?? []).length > 0, {
    path: ['token'],
    error:
      'is missing; `listen` opens the API to every program that can reach the port: set `token: "${CRYPTOASSETS_API_TOKEN}"`',
    when: ({value}) => typeof value === 'object' && value !== null,
  })
  .superRefine(({token, tokens}, context) => {
    if (token !== undefined && tokens.some(named => named.token === token))
      refuse(context, 'has `token` among `tokens` too; expected another one');
  });
