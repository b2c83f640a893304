import {EngineError} from '../../primitives/errors.ts';
import type {Log} from '../../primitives/log.ts';
import type {AbilityProbe} from './abilities.ts';
import {isRefusal, type Refusal} from './faults.ts';
import type {CallOptions, RpcCall, RpcClient, RpcOutcome} from './rpc-client.ts';

/** Calls on the configured wallet's endpoint. A wallet that is not loaded is loaded, and the call made again, once. */
export class WalletRpc {
  readonly client: RpcClient;
  readonly abilities: AbilityProbe;
  readonly #log: Log;
  #loading: Promise<void> | undefined;

  constructor(client: RpcClient, abilities: AbilityProbe, log: Log) {
    this.client = client;
    this.abilities = abilities;
    this.#log = log;
  }

  async call(method: string, params: RpcCall['params'] = [], options: CallOptions = {}): Promise<unknown> {
    const wallet = await this.#hasEndpoint();
    return this.#loaded(() => this.client.call(method, params, {...options, wallet}));
  }

  async items<Item>(
    method: string,
    params: RpcCall['params'],
    read: (item: unknown) => Item,
    options: CallOptions = {},
  ): Promise<Item[]> {
    const wallet = await this.#hasEndpoint();
    return this.#loaded(() => this.client.items(method, params, read, {...options, wallet}));
  }

  async batch(calls: readonly RpcCall[], options: CallOptions = {}): Promise<RpcOutcome[]> {
    const wallet = await this.#hasEndpoint();
    const ask = () => this.client.batch(calls, {...options, wallet});
    const outcomes = await ask();
    const missing = outcomes.find(outcome => 'refusal' in outcome && outcome.refusal.kind === 'wallet-missing');
    if (missing === undefined) return outcomes;
    await this.#load((missing as {refusal: Refusal}).refusal);
    return ask();
  }

  /** Whether the config names a wallet; without one, every call here is refused: the node's default one is not ours. */
  get isNamed(): boolean {
    return this.client.place.wallet !== undefined;
  }

  /** A daemon that cannot load wallets has one, at the endpoint of everything else. */
  async #hasEndpoint(): Promise<boolean> {
    const {place} = this.client;
    if (!this.isNamed)
      throw new EngineError('wallet_missing', `no wallet of ${place.node} is named in ${place.key('wallet')}`, {
        retry: 'backoff',
        field: place.key('wallet'),
      });
    return (await this.abilities.get()).has('loadwallet');
  }

  async #loaded<Value>(ask: () => Promise<Value>): Promise<Value> {
    try {
      return await ask();
    } catch (error) {
      if (!isRefusal(error, 'wallet-missing')) throw error;
      await this.#load(error);
      return ask();
    }
  }

  /** Throws `because` when there is no such wallet: its message says what to do. */
  async #load(because: Refusal): Promise<void> {
    // Several calls may find the wallet missing at once; it is loaded once.
    this.#loading ??= this.#loadOnce(because).finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  async #loadOnce(because: Refusal): Promise<void> {
    try {
      await this.client.call('loadwallet', [this.client.place.wallet]);
      this.#log.info({wallet: this.client.place.wallet}, 'loaded the wallet in the node');
    } catch (error) {
      if (isRefusal(error, 'wallet-loaded')) return;
      throw isRefusal(error, 'wallet-missing') ? because : error;
    }
  }
}
