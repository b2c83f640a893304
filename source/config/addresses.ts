import {z} from 'zod';
import {isLoopbackHost} from './hosts.ts';
import {expecting, refuse, text} from './fields.ts';

// URLs and listen addresses of the config. What they refuse would leak a password or open a door.

const parseUrl = (value: string): URL | undefined => (URL.canParse(value) ? new URL(value) : undefined);

/** A URL without credentials; they belong in fields that are redacted. */
export const credentialFree = (value: string, context: z.RefinementCtx, where: string): URL | undefined => {
  const url = parseUrl(value);
  if (url && (url.username !== '' || url.password !== '')) refuse(context, `holds credentials; put them into ${where}`);
  return url;
};

const RPC_EXPECTED = "the node's RPC address such as http://127.0.0.1:8332";

/** Origin of the node's RPC server, without a trailing slash. */
export const rpcUrl = () =>
  text(RPC_EXPECTED).transform((value, context): string => {
    const url = credentialFree(value, context, '`auth`');
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
      return refuse(context, `is not an http or https URL; expected ${RPC_EXPECTED}`);
    if (url.pathname.startsWith('/wallet'))
      return refuse(context, 'names a wallet; expected only host and port here, and the wallet in `wallet`');
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
      return refuse(context, `has a path, query or fragment; expected only host and port, ${RPC_EXPECTED}`);
    if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
      return refuse(
        context,
        'would send the RPC password unencrypted to another machine; expected https, or an SSH or VPN tunnel that ends at http://127.0.0.1',
      );
    return url.origin;
  });

/** Origin of a provider's API, where secrets go: https, or this machine. */
export const apiOrigin = (example: string) =>
  text(`an address such as ${example}`).transform((value, context): string => {
    const url = credentialFree(value, context, 'the other keys');
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
      return refuse(context, `is not an http or https URL; expected one such as ${example}`);
    if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
      return refuse(context, `would send secrets unencrypted; expected https, such as ${example}`);
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
      return refuse(context, `has a path, query or fragment; expected only host and port, such as ${example}`);
    return url.origin;
  });

const ZMQ_EXPECTED = "a publisher as in the node's -zmqpub… options, such as tcp://127.0.0.1:28332";

export const zmqUrl = () =>
  text(ZMQ_EXPECTED).refine(
    value => /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(value) || /^ipc:\/\/.+/.test(value),
    expecting(ZMQ_EXPECTED),
  );

const ELECTRUM_EXPECTED = 'a server such as ssl://electrum.example:50002 or tcp://127.0.0.1:50001';

/** `ssl://host:port` anywhere, `tcp://host:port` on this machine. Without a slash at its end. */
export const electrumUrl = () =>
  text(ELECTRUM_EXPECTED).transform((value, context): string => {
    const url = parseUrl(value);
    if (!url || !['tcp:', 'ssl:'].includes(url.protocol) || url.hostname === '')
      return refuse(context, `is not an Electrum server; expected ${ELECTRUM_EXPECTED}`);
    if (url.username !== '' || url.password !== '')
      return refuse(
        context,
        `holds credentials, which this kind of server does not take; expected ${ELECTRUM_EXPECTED}`,
      );
    if (url.port === '') return refuse(context, `names no port; expected ${ELECTRUM_EXPECTED}`);
    if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
      return refuse(context, `has a path, query or fragment; expected ${ELECTRUM_EXPECTED}`);
    if (url.protocol === 'tcp:' && !isLoopbackHost(url.hostname))
      return refuse(
        context,
        'is not encrypted to another machine: who listens learns every address, and may leave out what is answered; expected ssl://, or an SSH or VPN tunnel that ends at tcp://127.0.0.1',
      );
    return `${url.protocol}//${url.host}`;
  });

/** A URL of a provider: encrypted to other machines. The text is without a slash at its end. */
const providerUrl = (expected: string, [plain, encrypted]: readonly [string, string]) =>
  text(expected).transform((value, context): string => {
    const url = parseUrl(value);
    if (url && (url.username !== '' || url.password !== ''))
      return refuse(context, `holds credentials, which this kind of server does not take; expected ${expected}`);
    if (!url || ![plain, encrypted].includes(url.protocol) || url.hostname === '')
      return refuse(context, `is not a ${encrypted}// URL; expected ${expected}`);
    if (url.search !== '' || url.hash !== '') return refuse(context, `has a query or fragment; expected ${expected}`);
    if (url.protocol === plain && !isLoopbackHost(url.hostname))
      return refuse(
        context,
        `is not encrypted to another machine: who listens learns every address, and may change what is answered; expected ${encrypted}//, or an SSH or VPN tunnel that ends at ${plain}//127.0.0.1`,
      );
    return url.href.replace(/\/+$/, '');
  });

export const esploraUrl = () =>
  providerUrl("a server's API such as https://blockstream.info/api or https://mempool.space/testnet4/api", [
    'http:',
    'https:',
  ]);

export const websocketUrl = () =>
  providerUrl("mempool.space's websocket such as wss://mempool.space/api/v1/ws", ['ws:', 'wss:']);

const NATS_EXPECTED = 'a NATS server such as nats://127.0.0.1:4222 or tls://nats.example:4222';

/** `nats://host:port` on this machine, `tls://host:port` anywhere. */
export const natsUrl = () =>
  text(NATS_EXPECTED).superRefine((value, context) => {
    const url = credentialFree(value, context, '`credentials`');
    if (!url || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '' || !/^\/?$/.test(url.pathname))
      refuse(context, `is not a NATS server; expected ${NATS_EXPECTED}`);
    else if (url.protocol === 'nats:' && !isLoopbackHost(url.hostname))
      refuse(
        context,
        'is not encrypted to another machine; expected tls:// (nats:// only to 127.0.0.1, ::1 or localhost)',
      );
  });

const LISTEN_EXPECTED = 'host:port such as 127.0.0.1:18881 or [::1]:18881';

export const listenAddress = () =>
  text(LISTEN_EXPECTED).transform((value, context): {host: string; port: number} => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(value);
    const port = Number(match?.[3]);
    if (!match || port < 1 || port > 65_535) return refuse(context, `is not an address; expected ${LISTEN_EXPECTED}`);
    return {host: (match[1] ?? match[2])!, port};
  });

/** Path of `sqlite:PATH` as written, `{coin}` still in it. */
export const databaseUrl = () =>
  text('a database such as sqlite:./data/{coin}.sqlite').transform((value, context): string => {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(value)?.[1]?.toLowerCase();
    if (scheme === 'postgresql' || scheme === 'postgres')
      return refuse(context, `${scheme}: is not built yet; supported: sqlite:`);
    if (scheme !== 'sqlite') return refuse(context, 'is no database URL; expected sqlite:./data/{coin}.sqlite');
    const path = value.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '' || path.endsWith('/'))
      return refuse(context, 'names no file; expected sqlite:./data/{coin}.sqlite');
    if (path.startsWith(':memory:') || path.startsWith('//'))
      return refuse(context, 'is no file on this machine; expected sqlite:./data/{coin}.sqlite');
    const other = /\{(?!coin\})[^}]*\}?/.exec(path);
    if (other) return refuse(context, `has ${other[0]} in it; only {coin} is filled in`);
    return path;
  });
