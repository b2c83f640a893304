import {BlockList, isIP, isIPv6} from 'node:net';

const blockList = (...subnets: [address: string, prefix: number][]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
};

const LOOPBACK = blockList(['127.0.0.0', 8], ['::1', 128]);
/**
 * Private, shared, link-local, "this host", unique-local, protocol-assignment, benchmark, multicast and reserved ranges
 * (RFC 1918, 6598, 3927, 4193, 4291, 6890, 8215). Clouds keep their metadata services in them.
 */
const PRIVATE = blockList(
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 128],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
);

/** IPv4 addresses in IPv6 clothes: NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the address they hold. */
const embeddedIpv4 = (address: string): string | undefined => {
  const canonical = isIPv6(address) ? new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1) : '';
  const [high, low] = (
    /^64:ff9b::(?:([0-9a-f]+):)?([0-9a-f]+)$/.exec(canonical) ?? /^2002:([0-9a-f]+):([0-9a-f]+)/.exec(canonical)
  )?.slice(1) ?? [undefined, undefined];
  if (low === undefined) return undefined;
  const number = Number.parseInt(high ?? '0', 16) * 65_536 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.');
};

const contains = (list: BlockList, address: string): boolean =>
  isIP(address) > 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

const withoutBrackets = (host: string): string => host.replaceAll(/^\[|\]$/g, '');

/** Whether a URL's host never leaves this machine: 127.0.0.0/8, ::1 or `localhost`. Names are not resolved. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:.+\.)?localhost\.?$/i.test(host) || contains(LOOPBACK, withoutBrackets(host));

/**
 * Whether an address literal lies in a private, link-local or otherwise not public network. Loopback is not private;
 * names are neither.
 */
export const isPrivateHost = (host: string): boolean => {
  const address = withoutBrackets(host);
  const inside = embeddedIpv4(address);
  return (
    contains(PRIVATE, address) || (inside !== undefined && (contains(PRIVATE, inside) || contains(LOOPBACK, inside)))
  );
};
