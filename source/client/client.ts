import {randomUUID} from 'node:crypto';
import {RemoteApplication} from '../api/client.ts';
import {CryptoassetsError} from '../api/client-error.ts';
import {Transport, type CallSettings} from '../api/transport.ts';
import type {
  Adjustment,
  Books,
  CreateAdjustmentBody,
  EventType,
  Health,
  Page,
  PageQuery,
  Status,
} from '../contract/index.ts';
import type {Created} from '../engine/application.ts';
import {followEvents, type EventOptions} from './events.ts';
import {
  DEFAULTS,
  endpointOf,
  settingsOf,
  type CallOptions,
  type ConnectOptions,
  type KeyedCallOptions,
} from './options.ts';
import type * as resource from './resources.ts';
import type {EventOf} from './typed-event.ts';

/**
 * A client of the engine at a socket or URL. Nothing is sent before the first call, and nothing has to be closed for a
 * program to end. Throws `bad_option`.
 */
export const connect = (options: ConnectOptions): Client => new Client(options);

/**
 * Everything an application asks of the engine. Coins are named as in the config (`btc`), amounts are decimal strings.
 * Every call may throw `engine_unreachable`, `unauthorized` and `unknown_coin`; see CryptoassetsError.
 */
export class Client {
  readonly #transport: Transport;
  readonly #defaults: Omit<CallSettings, 'signal'>;

  constructor(options: ConnectOptions) {
    const {timeout, retries} = settingsOf(options, DEFAULTS);
    this.#defaults = {timeout, retries};
    this.#transport = new Transport(endpointOf(options));
  }

  readonly accounts: resource.Accounts = {
    create: async (coin, name, call) => valueOf(this.#ask(call).createAccount(coin, name)),
    get: async (coin, name, call) => this.#ask(call).account(coin, name),
    freeze: async (coin, name, reason, call) => this.#ask(call).freezeAccount(coin, name, reason),
    unfreeze: async (coin, name, reason, call) => this.#ask(call).unfreezeAccount(coin, name, reason),
    ...listed(async (coin, query: PageQuery, call) => this.#ask(call).accounts(coin, query)),
  };

  readonly addresses: resource.Addresses = {
    create: async (coin, account, label, call) => this.#ask(call).createAddress(coin, account, label),
    get: async (coin, address, call) => this.#ask(call).address(coin, address),
    ...listed(async (coin, query: resource.AccountFilter, call) => this.#ask(call).addresses(coin, query)),
  };

  readonly deposits: resource.Deposits = {
    get: async (coin, id, call) => this.#ask(call).deposit(coin, id),
    ...listed(async (coin, query, call) => this.#ask(call).deposits(coin, query)),
  };

  readonly payouts: resource.Payouts = {
    create: async (coin, payout, call) =>
      keyed(call, async key => valueOf(this.#ask(call).createPayout(coin, key, payout))),
    get: async (coin, id, call) => this.#ask(call).payout(coin, id),
    cancel: async (coin, id, call) => this.#ask(call).cancelPayout(coin, id),
    release: async (coin, id, call) => this.#ask(call).releasePayout(coin, id),
    approve: async (coin, id, call) => this.#ask(call).approvePayout(coin, id),
    repay: async (coin, id, call) => this.#ask(call).repayPayout(coin, id),
    pause: async (coin, reason, call) => this.#ask(call).pausePayouts(coin, reason),
    resume: async (coin, call) => this.#ask(call).resumePayouts(coin),
    ...listed(async (coin, query, call) => this.#ask(call).payouts(coin, query)),
  };

  readonly transfers: resource.Transfers = {
    create: async (coin, transfer, call) =>
      keyed(call, async key => valueOf(this.#ask(call).createTransfer(coin, key, transfer))),
    get: async (coin, id, call) => this.#ask(call).transfer(coin, id),
    ...listed(async (coin, query, call) => this.#ask(call).transfers(coin, query)),
  };

  readonly broadcasts: resource.Broadcasts = {
    get: async (coin, txid, call) => this.#ask(call).broadcast(coin, txid),
    bump: async (coin, txid, body = {}, call = {}) => this.#ask(call).bumpBroadcast(coin, txid, body),
    ...listed(async (coin, query: PageQuery, call) => this.#ask(call).broadcasts(coin, query)),
  };

  readonly psbts: resource.Psbts = {
    list: async (coin, call) => (await this.#ask(call).psbts(coin)).items,
    get: async (coin, id, call) => this.#ask(call).psbt(coin, id),
    submit: async (coin, id, psbt, call) => this.#ask(call).submitPsbt(coin, id, {psbt}),
  };

  readonly transactions: resource.Transactions = listed(async (coin, query, call) =>
    this.#ask(call).transactions(coin, query),
  );

  readonly deliveries: resource.Deliveries = {
    retry: async (coin, id, call) => this.#ask(call).retryDelivery(coin, id),
    ...listed(async (coin, query, call) => this.#ask(call).deliveries(coin, query)),
  };

  readonly sinks: resource.Sinks = {
    list: async call => this.#ask(call).sinks(),
    pause: async (name, call) => this.#ask(call).pauseSink(name),
    resume: async (name, call) => this.#ask(call).resumeSink(name),
    replay: async (name, range, call) => this.#ask(call).replaySink(name, range),
  };

  readonly audit: resource.Audit = listed(async (coin, query, call) => this.#ask(call).audit(coin, query));

  readonly jobs: resource.Jobs = {
    get: async (coin, id, call) => this.#ask(call).job(coin, id),
    startRescan: async (coin, options, call) => {
      const {from, method} = typeof options === 'object' ? options : {from: options, method: undefined};
      return this.#ask(call).startRescan(coin, from, method);
    },
    estimateRescan: async (coin, from, call) => this.#ask(call).estimateRescan(coin, from),
    cancel: async (coin, id, call) => this.#ask(call).cancelJob(coin, id),
    ...listed(async (coin, query: PageQuery, call) => this.#ask(call).jobs(coin, query)),
  };

  /** A correction of the books by a person, who says why: the cure for a coin that was spent by hand. */
  async adjust(coin: string, body: CreateAdjustmentBody, call?: KeyedCallOptions): Promise<Adjustment> {
    return keyed(call, async key => valueOf(this.#ask(call).adjust(coin, body, key)));
  }

  /** The last comparison of the ledger with the chain. */
  async books(coin: string, call?: CallOptions): Promise<Books> {
    return this.#ask(call).books(coin);
  }

  /** Whether the engine is well, and if not, why. Not thrown: `failing` is an answer. */
  async health(call?: CallOptions): Promise<Health> {
    return this.#ask(call).health();
  }

  /** Everything of one moment, at most 50 rows a list. */
  async status(call?: CallOptions): Promise<Status> {
    return this.#ask(call).status();
  }

  /**
   * The coin's events, oldest first, as they happen, for ever: reconnects by itself with growing pauses. With a
   * `cursor` it goes on where it stopped: the cursor moves when the next event is asked for, so after a crash (or a
   * `break`) the event that was being worked on comes again, with the same id. Ends when `signal` aborts. Throws
   * `cursor_mismatch` when the ledger is not the one the cursor was made on, and what the engine refuses for good.
   */
  events<Type extends EventType = EventType>(
    coin: string,
    options: EventOptions<Type> = {},
  ): AsyncIterable<EventOf<Type>> {
    return followEvents(this.#ask({signal: options.signal}), coin, options);
  }

  /** Cuts the connections; calls under way end with `engine_unreachable`. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  #ask(call: CallOptions = {}): RemoteApplication {
    return new RemoteApplication(this.#transport, settingsOf(call, this.#defaults));
  }
}

const valueOf = async <Thing>(created: Promise<Created<Thing>>): Promise<Thing> => (await created).value;

/** Makes the key that is missing, and tells it when the call fails. */
const keyed = async <Thing>(
  call: KeyedCallOptions | undefined,
  ask: (key: string) => Promise<Thing>,
): Promise<Thing> => {
  const key = call?.idempotencyKey ?? randomUUID();
  try {
    return await ask(key);
  } catch (error) {
    if (error instanceof CryptoassetsError) error.idempotencyKey = key;
    throw error;
  }
};

const listed = <Item, Query extends PageQuery>(
  ask: (coin: string, query: Query, call: CallOptions | undefined) => Promise<Page<Item>>,
): resource.Listed<Item, Query> => {
  const list = async (coin: string, filter?: resource.Filter<Query>, call?: CallOptions) =>
    ask(coin, {limit: 100, ...filter} as Query, call);
  async function* all(coin: string, filter?: resource.Filter<Query>, call?: CallOptions): AsyncIterable<Item> {
    let cursor = filter?.cursor;
    do {
      const page = await list(coin, {...filter, cursor} as resource.Filter<Query>, call);
      yield* page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }
  return {list, all};
};
