import {listPsbts, showPsbt, submitPsbt} from './psbts.ts';
import {LOCAL, type Actor, type Event, type Health, type Replay, type Status} from '../contract/index.ts';
import type {Clock} from '../primitives/clock.ts';
import {EngineError} from '../primitives/errors.ts';
import {Wake} from '../primitives/wake.ts';
import type {Act} from '../store/audit-store.ts';
import type {Application} from './application.ts';
import type {CoinEngine} from './coin-engine.ts';
import {sinkStatuses} from './coin-snapshot.ts';
import type {Consoles} from './consoles.ts';
import {examineHealth} from './health.ts';
import {readFees} from './fees.ts';
import {eventDetail, history} from './history.ts';
import type {LogLines} from './log-lines.ts';
import {adjust, bumpBroadcast, createTransfer} from './control.ts';
import {importBalance} from './import-balance.ts';
import {createAddress, createPayout} from './requests.ts';
import type {SnapshotCache} from './snapshot-cache.ts';

/** Events of one read while somebody follows them. */
const FOLLOW_PAGE = 500;
/** ms after which a follower looks although nothing was committed here: another process may have written. */
const FOLLOW_POLL = 2000;

/** The coins an Application works on: all open in an engine, opened one by one for a verb. */
export interface Ledgers {
  /** Throws `unknown_coin`, and what opening a ledger throws. */
  ledger(coin: string): Promise<CoinEngine>;
  all(): Promise<readonly CoinEngine[]>;
  readonly snapshots: SnapshotCache;
  /** Throws `engine_unreachable` when no engine runs that consoles could share. */
  consoles(): Consoles;
  readonly clock: Clock;
  readonly logLines: LogLines;
  /** Throws `stopping` when nothing new may begin. */
  requireOpen(): void;
  /** Begins a clean stop. */
  stop(): void;
}

/** The Application itself: refusals come from here and from the ledgers; the API only carries it over a socket. */
export class EngineApplication implements Application {
  readonly #ledgers: Ledgers;
  readonly #actor: Actor;

  constructor(ledgers: Ledgers, actor = LOCAL) {
    this.#ledgers = ledgers;
    this.#actor = actor;
  }

  as = (actor: Actor): Application => new EngineApplication(this.#ledgers, actor);

  health = async (): Promise<Health> => examineHealth(await this.#ledgers.all());
  status = async (): Promise<Status> => this.#ledgers.snapshots.get();
  stream = (signal: AbortSignal): AsyncIterable<Status> => this.#ledgers.snapshots.stream(signal);
  stop = async (): Promise<void> => {
    const engines = await this.#ledgers.all();
    this.#ledgers.stop();
    const act = {action: 'engine.stop', subject: 'engine'};
    // Not waited for: a database at fault must not keep an engine from being stopped.
    void Promise.allSettled(
      engines.map(async engine => (await engine.writable()).recordAct(this.#actor, act, this.#now())),
    );
  };
  attendConsole: Application['attendConsole'] = async (id, name, takeControl = false) =>
    this.#ledgers.consoles().attend(id, name, takeControl);
  leaveConsole: Application['leaveConsole'] = async id => this.#ledgers.consoles().leave(id);
  log: Application['log'] = async query => this.#ledgers.logLines.page(query);

  createAccount: Application['createAccount'] = async (coin, name) =>
    (await this.#writable(coin)).createAccount(name, this.#now());
  account: Application['account'] = async (coin, name) => (await this.#store(coin)).account(name);
  accounts: Application['accounts'] = async (coin, query) => (await this.#store(coin)).accounts(query);
  freezeAccount: Application['freezeAccount'] = async (coin, name, reason) =>
    (await this.#writable(coin)).freeze(name, reason, this.#now(), this.#actor);
  unfreezeAccount: Application['unfreezeAccount'] = async (coin, name, reason) =>
    (await this.#writable(coin)).unfreeze(name, reason, this.#now(), this.#actor);

  createAddress: Application['createAddress'] = async (coin, account, label) =>
    createAddress(await this.#open(coin), account, label, this.#now());
  address: Application['address'] = async (coin, address) => (await this.#store(coin)).address(address);
  addresses: Application['addresses'] = async (coin, query) => (await this.#store(coin)).addresses(query);

  deposits: Application['deposits'] = async (coin, query) => (await this.#store(coin)).deposits(query);
  deposit: Application['deposit'] = async (coin, id) => (await this.#store(coin)).deposit(id);
  depositHistory: Application['depositHistory'] = async (coin, id) =>
    history(await this.#ledgers.ledger(coin), 'deposit', id);

  createPayout: Application['createPayout'] = async (coin, key, body) =>
    createPayout(await this.#open(coin), key, body, this.#now(), this.#actor);
  payouts: Application['payouts'] = async (coin, query) => (await this.#store(coin)).payouts(query);
  payout: Application['payout'] = async (coin, id) => (await this.#store(coin)).payout(id);
  payoutHistory: Application['payoutHistory'] = async (coin, id) =>
    history(await this.#ledgers.ledger(coin), 'payout', id);
  cancelPayout: Application['cancelPayout'] = async (coin, id) =>
    (await this.#writable(coin)).cancelPayout(id, this.#now(), this.#actor);
  releasePayout: Application['releasePayout'] = async (coin, id) =>
    (await this.#writable(coin)).releasePayout(id, this.#now(), this.#actor);
  approvePayout: Application['approvePayout'] = async (coin, id) =>
    (await this.#writable(coin)).approvePayout(id, this.#now(), this.#actor);
  repayPayout: Application['repayPayout'] = async (coin, id) => {
    const engine = await this.#open(coin);
    return (await engine.writable()).repayPayout(id, engine.config.maxConfirmationCount, this.#now(), this.#actor);
  };
  pausePayouts: Application['pausePayouts'] = async (coin, reason = 'no reason was given') =>
    (await this.#writable(coin)).pausePayouts(reason, this.#now(), this.#actor);
  resumePayouts: Application['resumePayouts'] = async coin => {
    const engine = await this.#open(coin);
    const view = engine.loops?.view();
    const tip = view?.state === 'ok' ? view.tip?.height : undefined;
    return (await engine.writable()).resumePayouts(tip, this.#now(), this.#actor);
  };

  broadcasts: Application['broadcasts'] = async (coin, query) => (await this.#store(coin)).broadcasts(query);
  broadcast: Application['broadcast'] = async (coin, txid) => (await this.#store(coin)).broadcast(txid);
  bumpBroadcast: Application['bumpBroadcast'] = async (coin, txid, body) =>
    bumpBroadcast(await this.#open(coin), txid, body, this.#now(), this.#actor);

  psbts: Application['psbts'] = async coin => listPsbts(await this.#ledgers.ledger(coin));
  psbt: Application['psbt'] = async (coin, id) => showPsbt(await this.#ledgers.ledger(coin), id);
  submitPsbt: Application['submitPsbt'] = async (coin, id, body) =>
    submitPsbt(await this.#open(coin), id, body, this.#now(), this.#actor);

  createTransfer: Application['createTransfer'] = async (coin, key, body) =>
    createTransfer(await this.#open(coin), key, body, this.#now(), this.#actor);
  transfers: Application['transfers'] = async (coin, query) => (await this.#store(coin)).transfers(query);
  transfer: Application['transfer'] = async (coin, id) => (await this.#store(coin)).transferById(id);
  adjust: Application['adjust'] = async (coin, body, key) =>
    adjust(await this.#open(coin), key, body, this.#now(), this.#actor);
  importBalance: Application['importBalance'] = async (coin, account) =>
    importBalance(await this.#open(coin), account, this.#now(), this.#actor);

  fees: Application['fees'] = async coin => readFees(await this.#ledgers.ledger(coin));

  transactions: Application['transactions'] = async (coin, query) => (await this.#store(coin)).transactions(query);
  books: Application['books'] = async coin => {
    const store = await this.#store(coin);
    return (await store.lastBooks()) ?? (await store.auditBooks()).books;
  };
  acceptReorg: Application['acceptReorg'] = async coin => {
    const engine = await this.#open(coin);
    await (await engine.writable()).acceptReorg(this.#now(), this.#actor);
    engine.loops?.onReorgAccepted();
  };

  notify: Application['notify'] = async (coin, notice) => (await this.#ledgers.ledger(coin)).loops?.notify(notice);

  events: Application['events'] = async (coin, after, limit) => (await this.#store(coin)).events(after, limit);
  followEvents = (coin: string, after: number, signal: AbortSignal): AsyncIterable<Event> =>
    this.#follow(coin, after, signal);
  event: Application['event'] = async (coin, sequence) => eventDetail(await this.#ledgers.ledger(coin), sequence);
  deliveries: Application['deliveries'] = async (coin, query) => (await this.#store(coin)).deliveries(query);
  retryDelivery: Application['retryDelivery'] = async (coin, id) =>
    (await this.#writable(coin)).retryDelivery(id, this.#now(), this.#actor);
  sinks: Application['sinks'] = async () => {
    const engines = await this.#ledgers.all();
    return (await Promise.all(engines.map(sinkStatuses))).flat();
  };
  pauseSink: Application['pauseSink'] = async name => {
    for (const engine of await this.#enginesWithSink(name))
      await (await engine.writable()).pauseSink(name, this.#now(), this.#actor);
  };
  resumeSink: Application['resumeSink'] = async name => {
    for (const engine of await this.#enginesWithSink(name))
      await (await engine.writable()).resumeSink(name, this.#now(), this.#actor);
  };
  replaySink: Application['replaySink'] = async (name, {coin, from, to}) => {
    const engines = await this.#enginesWithSink(name);
    const wanted = coin === undefined ? engines : [await this.#open(coin)];
    const begun: Replay[] = [];
    for (const engine of wanted) {
      const replay = await (await engine.writable()).startReplay(name, {from, to}, this.#now(), this.#actor);
      if (replay !== undefined) begun.push(replay);
    }
    if (begun.length === 0)
      throw new EngineError('bad_range', `${name} has not come to event ${from} yet: it will get it without this`, {
        field: 'from',
      });
    return begun;
  };

  startRescan: Application['startRescan'] = async (coin, from, method) => {
    const job = await (await this.#open(coin)).startRescan(from, method);
    await this.#record(coin, {
      action: 'rescan.start',
      subject: job.id,
      details: {from_height: job.from_height, to_height: job.to_height, ...(job.method && {method: job.method})},
    });
    return job;
  };
  estimateRescan: Application['estimateRescan'] = async (coin, from) => (await this.#open(coin)).estimateRescan(from);
  jobs: Application['jobs'] = async (coin, query) => (await this.#store(coin)).jobs(query);
  job: Application['job'] = async (coin, id) => (await this.#store(coin)).job(id);
  cancelJob: Application['cancelJob'] = async (coin, id) => {
    const job = await (await this.#open(coin)).cancelJob(id);
    await this.#record(coin, {action: 'job.cancel', subject: id, details: {at_height: job.at_height}});
    return job;
  };

  audit: Application['audit'] = async (coin, query) => (await this.#store(coin)).audit(query);

  async #enginesWithSink(name: string): Promise<readonly CoinEngine[]> {
    const engines = await this.#ledgers.all();
    if (!engines.some(engine => engine.sinkConfigs.has(name)))
      throw new EngineError('not_found', `no sink ${JSON.stringify(name)} in the config`, {field: 'name'});
    this.#ledgers.requireOpen();
    return engines;
  }

  #now(): number {
    return this.#ledgers.clock.now();
  }

  async #store(coin: string) {
    return (await this.#ledgers.ledger(coin)).store;
  }

  /** For what may begin something: refused once the engine stops. */
  async #open(coin: string): Promise<CoinEngine> {
    const engine = await this.#ledgers.ledger(coin);
    this.#ledgers.requireOpen();
    return engine;
  }

  async #writable(coin: string) {
    return (await this.#open(coin)).writable();
  }

  /** For what changes no ledger by itself. */
  async #record(coin: string, act: Act): Promise<void> {
    await (await this.#writable(coin)).recordAct(this.#actor, act, this.#now());
  }

  async *#follow(coin: string, after: number, signal: AbortSignal): AsyncIterable<Event> {
    const {store} = await this.#ledgers.ledger(coin);
    const committed = new Wake();
    const stopListening = store.onCommit(() => committed.ring());
    let position = after;
    try {
      while (!signal.aborted) {
        const {items} = await store.events(position, FOLLOW_PAGE);
        for (const event of items) {
          yield event;
          position = event.sequence;
        }
        if (items.length < FOLLOW_PAGE) await committed.sleep(FOLLOW_POLL, signal);
      }
    } finally {
      stopListening();
    }
  }
}
