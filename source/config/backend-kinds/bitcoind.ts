import {z} from 'zod';
import {listenAddress, rpcUrl, zmqUrl} from '../addresses.ts';
import {duration, expecting, kindOf, refuse, section, text} from '../fields.ts';
import {anyBackend} from './any.ts';

const AUTH_EXPECTED = '{cookie: /path/to/.cookie} or {user: …, password: "${BTC_RPC_PASSWORD}"}';

const auth = section(AUTH_EXPECTED, {
  cookie: text("the path of the node's .cookie file").optional(),
  user: text('the rpcuser of the node')
    .refine(user => !user.includes(':'), expecting('a user name without a colon'))
    .optional(),
  password: text('the rpcpassword of the node').optional(),
}).superRefine((value, context) => {
  const {cookie, user, password} = value;
  if (cookie !== undefined && (user !== undefined || password !== undefined))
    refuse(context, `gives both a cookie and a password; expected ${AUTH_EXPECTED}`);
  else if (cookie === undefined && (user === undefined || password === undefined)) {
    const missing =
      user === undefined && password === undefined ? 'is empty' : `lacks \`${user ? 'password' : 'user'}\``;
    refuse(context, `${missing}; expected ${AUTH_EXPECTED}`);
  }
});

const notify = kindOf(
  'a notification channel such as {type: zmq, url: "tcp://127.0.0.1:28332"}',
  [
    section('a zmq channel', {type: z.literal('zmq'), url: zmqUrl()}),
    section('an http channel', {type: z.literal('http'), listen: listenAddress()}),
    section('a pipe channel', {type: z.literal('pipe'), path: text('the path of a named pipe')}),
  ],
  [],
);

const walletName = (isNeeded: boolean): z.ZodType<string | undefined> => {
  const name = text("the name of the node's wallet, such as hot", 200);
  return isNeeded ? name : name.optional();
};

/** `needsWallet`: addresses and signatures can come from nowhere else. */
export const bitcoindBackend = (needsWallet: boolean) =>
  section('a bitcoind backend', {
    type: z.literal('bitcoind'),
    ...anyBackend,
    url: rpcUrl(),
    auth,
    wallet: walletName(needsWallet),
    timeout: duration('100ms', '10m').default(15_000),
    notify: z.array(notify, expecting('a list such as [{type: zmq, url: "tcp://127.0.0.1:28332"}]')).default([]),
  });
