import {hintsAbout, type SeveralSources} from '../chain/ports.ts';
import type {WatchSet} from '../chain/watch-set.ts';
import {scriptOf} from '../coins/index.ts';
import type {NoticeBody} from '../contract/index.ts';
import {parseTxid} from '../primitives/ids.ts';
import {createAgree, type Agree} from '../loops/agree.ts';
import {createBroadcastLoop, type Broadcasting} from '../loops/broadcast.ts';
import {createCheckBooks} from '../loops/check-books.ts';
import {createDeliver, type Deliver} from '../loops/deliver.ts';
import type {Loop} from '../loops/loop.ts';
import {createRescan, type Rescan} from '../loops/rescan.ts';
import {createTrackChain, type ChainView} from '../loops/track-chain.ts';
import type {Sink} from '../outbox/ports.ts';
import type {Hold} from '../payout/state.ts';
import type {CoinContext, CoinEngine} from './coin-engine.ts';
import type {Backend} from './parts.ts';
import {Vitals} from './vitals.ts';

/** What runs for one coin, and what the rest of the engine asks of it. */
export interface CoinLoops {
  readonly all: readonly Loop[];
  readonly watch: WatchSet;
  /** A script that became ours: found from the next look on. */
  watchScript(scriptPubKey: Buffer): void;
  readonly sinks: readonly Sink[];
  /** By the name of their sink. */
  readonly deliveries: ReadonlyMap<string, Deliver>;
  readonly rescan: Rescan;
  readonly vitals: Vitals;
  /** Undefined where one backend is enough for any deposit. */
  readonly agree: Agree | undefined;
  readonly backend: Backend;
  readonly bump: Broadcasting['bump'];
  readonly signatureCame: Broadcasting['signatureCame'];
  view(): ChainView;
  /** Why no payout may be signed now; the store's own reasons (drift, a deep fork) come on top. */
  blocked(): Hold | undefined;
  onReorgAccepted(): void;
  /** Somebody says that there may be news: looks at once. */
  notify(notice: NoticeBody): void;
}

/** Wires the loops of one coin to its ledger and its node. */
export const createCoinLoops = async (
  engine: CoinEngine,
  backend: Backend,
  watch: WatchSet,
  context: CoinContext,
): Promise<CoinLoops> => {
  const {coin, network, store, config} = engine;
  const {clock, log} = context;
  const {several} = backend;
  const policy = {
    confirmations: config.confirmations,
    maxConfirmationCount: config.maxConfirmationCount,
    coinbaseMaturity: coin.coinbaseMaturity,
    ...(config.agreement && {agreement: {...config.agreement, among: config.backends.map(({name}) => name)}}),
  };
  const vitals = new Vitals({
    coin: engine.name,
    health: backend.health,
    addresses: backend.addresses,
    walletFingerprints: store.identity.walletFingerprints,
    walletIsApart: () => several?.ofWallet !== undefined && !speaks(several, several.ofWallet),
    clock,
  });
  const chainParts = {coin, network, chain: backend.chain, store, policy, watch, clock, log};
  const track = createTrackChain({
    ...chainParts,
    backend: config.backend.name,
    ...(several && {sources: () => several.list()}),
    hintsHealthy: () => hasReliableChannel(backend, 'ok'),
    hintsQuiet: () => hasReliableChannel(backend, 'quiet'),
    onConnected: () => vitals.doubtWallet(),
  });
  const watchScript = (scriptPubKey: Buffer): void => {
    watch.addScript(scriptPubKey);
    backend.chain.watchScript?.(scriptPubKey);
  };
  const {agreement} = policy;
  const agree =
    several && agreement
      ? createAgree({coin, sources: several, store, policy: {...policy, agreement}, clock, log})
      : undefined;
  const rescan = createRescan(chainParts);
  const books = createCheckBooks({
    coin,
    store,
    addresses: backend.addresses,
    coins: backend.coins,
    nodeTip: () => track.view().tip?.hash,
    clock,
    log,
  });
  const blocked = (): Hold | undefined => {
    const words = vitals.walletHold;
    return track.view().blocked ?? (words === undefined ? undefined : {reason: 'wallet_missing', words});
  };
  const broadcast = createBroadcastLoop({
    coin,
    network,
    store,
    signer: backend.signer,
    broadcaster: backend.broadcaster,
    fees: backend.fees,
    inputSize: backend.inputSize,
    addresses: watchedChange(backend, watchScript, engine),
    policy: config.payouts,
    blocked,
    clock,
    log,
    period: context.config.service.broadcastPeriod,
  });
  // Whatever was written may be what a payout waits for: a credit, a release, its parent's confirmation.
  store.onCommit(() => broadcast.wake.ring());
  const {sinks, deliveries} = await createDeliveries(engine, context);
  return {
    all: [track.loop, broadcast, books, rescan.loop, vitals.loop, ...(agree ? [agree] : []), ...deliveries.values()],
    watch,
    watchScript,
    sinks,
    deliveries,
    rescan,
    vitals,
    agree,
    backend,
    bump: (txid, feeRate) => broadcast.bump(txid, feeRate),
    signatureCame: id => broadcast.signatureCame(id),
    view: () => track.view(),
    blocked,
    onReorgAccepted: () => track.loop.wake.ring(),
    notify: ({txid}) => track.hint(txid === undefined ? [{kind: 'block'}] : hintsAbout(parseTxid(txid))),
  };
};

const speaks = (several: SeveralSources, name: string): boolean =>
  several.list().some(source => source.speaks && source.name === name);

const hasReliableChannel = ({health}: Backend, wanted: 'ok' | 'quiet'): boolean =>
  health.notifyChannels().some(({reliable, state}) => reliable && state === wanted);

/** A change script is watched before anything can pay it: an unseen change output would be missing from the books. */
const watchedChange = (
  backend: Backend,
  watchScript: CoinLoops['watchScript'],
  {coin, network}: CoinEngine,
): Pick<Backend['addresses'], 'newChangeAddress'> => ({
  newChangeAddress: async () => {
    const address = await backend.addresses.newChangeAddress();
    watchScript(scriptOf(address, coin, network));
    return address;
  },
});

/** The same sink, and every attempt is told to the meter. */
const metered = (sink: Sink, coin: string, {clock, meter}: Pick<CoinContext, 'clock' | 'meter'>): Sink => ({
  name: sink.name,
  type: sink.type,
  longest: sink.longest,
  deliver: async (event, body, signal) => {
    const begun = clock.monotonic();
    const answer = await sink.deliver(event, body, signal);
    meter.deliveryTried(coin, sink.name, (clock.monotonic() - begun) / 1000, answer.kind);
    return answer;
  },
  probe: async () => sink.probe(),
  close: async () => sink.close(),
});

/** One loop per sink, each with a sink of its own: a dead endpoint delays no other and no other coin. */
const createDeliveries = async (
  {name, store}: CoinEngine,
  {config, parts, clock, log, meter}: CoinContext,
): Promise<{sinks: Sink[]; deliveries: Map<string, Deliver>}> => {
  const sinks: Sink[] = [];
  const deliveries = new Map<string, Deliver>();
  for (const [sinkName, sinkConfig] of config.sinks) {
    const sink = metered(await parts.createSink(sinkName, sinkConfig, {coin: name, log}), name, {clock, meter});
    sinks.push(sink);
    await store.ensureSink(sinkName, sinkConfig.from);
    deliveries.set(sinkName, createDeliver({coin: name, store, sink, types: sinkConfig.types, clock, log}));
  }
  return {sinks, deliveries};
};
