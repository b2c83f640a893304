import type {ChainSource, NodeTip} from '../chain/ports.ts';
import type {Network} from '../coins/index.ts';
import type {LedgerIdentity} from '../store/store.ts';

export interface Refusal {
  readonly state: 'wrong_chain';
  readonly words: string;
}

interface IdentityOptions {
  readonly network: Network;
  readonly chain: Pick<ChainSource, 'genesis'>;
  readonly store: {readonly identity: LedgerIdentity};
  readonly onConnected?: () => void;
}

/** Whether the node is on the chain that init pinned. Asked in full once after every (re)connection. */
export class NodeIdentity {
  readonly #options: IdentityOptions;
  #isVerified = false;

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /** The node was away: another one may answer next. */
  doubt(): void {
    this.#isVerified = false;
  }

  /** Undefined when all is well. */
  async refusal(tip: NodeTip): Promise<Refusal | undefined> {
    const refusal = await this.#wrongChain(tip);
    if (refusal === undefined && !this.#isVerified) this.#options.onConnected?.();
    this.#isVerified = refusal === undefined;
    return refusal;
  }

  async #wrongChain(tip: NodeTip): Promise<Refusal | undefined> {
    const {network, chain, store} = this.#options;
    if (tip.chain !== network.chain) {
      const words = `the node is on chain ${tip.chain}, the ledger is for ${network.name}`;
      return {state: 'wrong_chain', words};
    }
    if (this.#isVerified || (await chain.genesis()) === store.identity.genesis) return undefined;
    return {state: 'wrong_chain', words: 'the node’s genesis block is not the one that init pinned'};
  }
}
