import {hasCode} from '../../primitives/errors.ts';
import {isRefusal} from './faults.ts';
import type {RpcClient} from './rpc-client.ts';

/**
 * What one daemon can, by its own `help`: Bitcoin Core 30, Litecoin Core 0.21 (of Bitcoin Core 0.21) and Dogecoin Core
 * 1.14 (of 0.14) differ in methods and parameters, and their version numbers cannot be compared with each other.
 */
export interface Abilities {
  /** Whether the daemon has the method. */
  has(method: string): boolean;
  /** lockunspent can be told to outlive a restart. */
  readonly persistentLocks: boolean;
  /** walletprocesspsbt gives the final transaction itself. */
  readonly finalizes: boolean;
  /** getnewaddress and getrawchangeaddress take a kind of address. */
  readonly addressTypes: boolean;
  /** listunspent lists immature coinbases too when asked. */
  readonly listsImmature: boolean;
}

const EVERYTHING: Abilities = {
  has: () => true,
  persistentLocks: true,
  finalizes: true,
  addressTypes: true,
  listsImmature: true,
};

const EXPLAINED = ['lockunspent', 'walletprocesspsbt', 'getnewaddress', 'listunspent'] as const;

/** Asks once, and again after the node was away: another daemon may answer then. */
export class AbilityProbe {
  readonly #rpc: RpcClient;
  #asked: {readonly abilities: Promise<Abilities>; readonly connection: number} | undefined;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  async get(): Promise<Abilities> {
    const {connection} = this.#rpc;
    if (this.#asked?.connection !== connection) {
      const abilities = this.#ask();
      this.#asked = {abilities, connection};
      abilities.catch(() => {
        if (this.#asked?.abilities === abilities) this.#asked = undefined;
      });
    }
    return this.#asked.abilities;
  }

  async #ask(): Promise<Abilities> {
    try {
      const [list, ...texts] = await this.#rpc.batch([
        {method: 'help', params: []},
        ...EXPLAINED.map(method => ({method: 'help', params: [method]})),
      ]);
      const commands = new Set(textOf(list).match(/^[a-z]\w*/gm) ?? []);
      // An answer without the most basic of methods is no list of methods.
      if (!commands.has('getblockhash')) return EVERYTHING;
      const [locks, psbt, addresses, unspent] = texts.map(textOf);
      return {
        has: method => commands.has(method),
        persistentLocks: /\bpersistent\b/.test(locks ?? ''),
        finalizes: /\bfinalize\b/.test(psbt ?? ''),
        addressTypes: /\baddress_type\b/.test(addresses ?? ''),
        listsImmature: /include_immature_coinbase/.test(unspent ?? ''),
      };
    } catch (error) {
      // Kept from `help` by rpcwhitelist: the newest is taken for granted, and what it lacks is named when it is used.
      if (hasCode(error, 'backend_auth') || isRefusal(error)) return EVERYTHING;
      throw error;
    }
  }
}

const textOf = (outcome: Awaited<ReturnType<RpcClient['batch']>>[number] | undefined): string =>
  outcome !== undefined && 'result' in outcome && typeof outcome.result === 'string' ? outcome.result : '';
