import type {LookupAddress} from 'node:dns';
import {isIP, type LookupFunction} from 'node:net';
import {buildConnector} from 'undici';
import {isLoopbackHost, isPrivateHost} from '../config/hosts.ts';
import {EngineError} from '../primitives/errors.ts';

export interface ConnectRules {
  /** As configured. Only a host that means this machine by name may be on it. */
  readonly host: string;
  readonly allowPrivate: boolean;
  /** Without TLS the receiver must be on this machine. */
  readonly secure: boolean;
  /** ms */
  readonly timeout: number;
  /** What resolves names: node:dns lookup. */
  readonly resolve: Resolve;
}

export type Resolve = (
  hostname: string,
  options: Parameters<LookupFunction>[1] & {all: true},
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Opens connections to allowed addresses only. Decided on the address that is connected to, for a name that was public
 * when the config was read can point into the own network later (DNS rebinding). Refusals: `address_refused`.
 */
export const guardedConnector = (rules: ConnectRules): buildConnector.connector => {
  const connect = buildConnector({timeout: rules.timeout, lookup: guardedLookup(rules)});
  return (options, callback) => {
    const host = options.hostname.replaceAll(/^\[|\]$/g, '');
    // Address literals are never looked up.
    const refusal = isIP(host) > 0 ? refusalOf(host, host, rules) : undefined;
    if (refusal) callback(refusal, null);
    else connect(options, callback);
  };
};

const guardedLookup =
  (rules: ConnectRules): LookupFunction =>
  (hostname, options, callback) => {
    rules.resolve(hostname, {...options, all: true}, (error, addresses) => {
      if (error) return callback(error, '', 0);
      for (const {address} of addresses) {
        const refusal = refusalOf(hostname, address, rules);
        if (refusal) return callback(refusal, '', 0);
      }
      const first = addresses[0];
      if (options.all === true || !first) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

const refusalOf = (host: string, address: string, rules: ConnectRules): EngineError | undefined => {
  const where = host === address ? host : `${host} (${address})`;
  const refuse = (words: string) => new EngineError('address_refused', `${where} is ${words}`);
  if (isLoopbackHost(address))
    // A public name that points here would hand events, or a way in, to whatever else listens on this machine.
    return isLoopbackHost(rules.host) || rules.allowPrivate
      ? undefined
      : refuse('this machine, under a name that does not say so; set allow_private: true if it is meant');
  if (!rules.secure) return refuse('another machine; plain http goes to this one only');
  if (isPrivateHost(address) && !rules.allowPrivate)
    return refuse('a private or link-local address; set allow_private: true if it is meant');
  return undefined;
};
