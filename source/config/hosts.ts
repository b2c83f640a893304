import {BlockList, isIP, isIPv6} from 'node:net';

const blockList = (...subnets: [address: string, prefix: number][]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
};

const LOOPBACK = blockList(['127.0.0.0', 8], ['::1', 128]);
/** Private, shared, link-local, "this host" and unique-local ranges (RFC 1918, 6598, 3927, 4193, 4291). */
const PRIVATE = blockList(
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::', 128],
  ['fc00::', 7],
  ['fe80::', 10],
);

const contains = (list: BlockList, host: string): boolean => {
  const address = host.replaceAll(/^\[|\]$/g, '');
  return isIP(address) > 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
};

/** Whether a URL's host never leaves this machine: 127.0.0.0/8, ::1 or `localhost`. Names are not resolved. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:.+\.)?localhost\.?$/i.test(host) || contains(LOOPBACK, host);

/** Whether an address literal lies in a private or link-local network. Loopback is not private; names are neither. */
export const isPrivateHost = (host: string): boolean => contains(PRIVATE, host);
