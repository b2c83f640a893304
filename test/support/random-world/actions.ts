import * as fc from 'fast-check';
import type {SimulatedOutput, SimulatedTransaction} from '../simulated-chain.ts';
import {LOOPS, type LoopName} from './engine.ts';
import type {Outpoint} from '../../../source/primitives/ids.ts';
import {parseRaw} from './node.ts';
import {USERS, type RandomWorld} from './world.ts';
import {unsignedBytes} from '../payout-ledger.ts';
import {satoshi} from '../../../source/primitives/amount.ts';

const SWITCHES = ['down', 'locked', 'full', 'unloaded', 'hints', 'endpoint', 'expensive'] as const;

const pick = fc.nat(50);
const small = fc.nat(5);
const record = <Kind extends string, Fields extends Record<string, fc.Arbitrary<unknown>>>(
  kind: Kind,
  fields: Fields,
) =>
  fc.record({kind: fc.constant(kind), ...fields}) as fc.Arbitrary<
    {readonly kind: Kind} & {
      readonly [Key in keyof Fields]: Fields[Key] extends fc.Arbitrary<infer Value> ? Value : never;
    }
  >;
const weighted = <Value>(weight: number, arbitrary: fc.Arbitrary<Value>) => ({weight, arbitrary});

/** Everything that can happen, as data, so that a failure shrinks to the few things that matter. */
export const action = fc.oneof(
  weighted(16, record('tick', {})),
  weighted(
    4,
    record('deposit', {
      to: fc.array(small, {minLength: 1, maxLength: 3}),
      toChange: fc.boolean(),
      behind: fc.constantFrom(0, 0, 1, 2),
    }),
  ),
  weighted(2, record('replace', {pick, to: fc.option(small, {nil: undefined})})),
  weighted(2, record('evict', {pick})),
  weighted(2, record('return', {pick})),
  weighted(7, record('mine', {blocks: fc.integer({min: 1, max: 3}), share: fc.nat(3)})),
  weighted(1, record('coinbase', {to: small})),
  weighted(
    3,
    record('reorg', {
      depth: fc.integer({min: 1, max: 8}),
      extra: fc.nat(2),
      keep: fc.nat(3),
      steal: fc.option(pick, {nil: undefined}),
    }),
  ),
  weighted(1, record('lose', {depth: fc.integer({min: 1, max: 6})})),
  weighted(3, record('regain', {})),
  weighted(3, record('mend', {})),
  weighted(
    8,
    record('pay', {
      account: fc.constantFrom(...USERS, 'network_fee' as const),
      eighths: fc.bigInt({min: 1n, max: 14n}),
      to: fc.constantFrom('outside' as const, 'outside' as const, 'own' as const, 'again' as const),
    }),
  ),
  weighted(2, record('cancel', {pick})),
  weighted(2, record('release', {pick})),
  weighted(2, record('bump', {pick})),
  weighted(3, record('lift', {pick})),
  weighted(2, record('theft', {pick})),
  weighted(
    6,
    record('run', {
      loops: fc.array(fc.constantFrom<LoopName>(...LOOPS, 'track', 'broadcast'), {minLength: 1, maxLength: 5}),
      wait: fc.constantFrom(10, 1100, 6000),
    }),
  ),
  weighted(3, record('kill', {after: fc.nat(40)})),
  weighted(3, record('fail', {after: fc.nat(20), times: fc.integer({min: 1, max: 6}), lost: fc.boolean()})),
  weighted(2, record('switch', {what: fc.constantFrom(...SWITCHES)})),
  weighted(1, record('rescan', {from: fc.nat(20)})),
  weighted(1, record('clock', {hours: fc.constantFrom(-25, -1, 1, 25)})),
  weighted(1, record('accept', {})),
);
export type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

const at = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % Math.max(1, items.length)];

export const happen = async (world: RandomWorld, what: Action): Promise<void> => {
  const {node, engine} = world;
  const isOurs = (transaction: SimulatedTransaction) => world.sent.has(transaction.txid);
  const now = () => world.wall + world.monotonic;
  switch (what.kind) {
    case 'deposit': {
      const outputs = what.to.map(to => world.coinFor(to, 1n));
      const change = [...node.changeScripts].at(-1);
      // Foreign money to a change script of ours.
      if (what.toChange && change) outputs.push({script: Buffer.from(change, 'hex'), amount: world.amount(1n)});
      return node.enter(node.make(strangersCoin(world, what.behind, outputs), outputs));
    }
    case 'replace': {
      const old = at(
        node.mempool.filter(one => !isOurs(one) && !node.byHand.has(one.txid)),
        what.pick,
      );
      const output: SimulatedOutput =
        what.to === undefined ? {script: Buffer.from([0x51]), amount: 1000n} : world.coinFor(what.to, 1n);
      return old && node.enter(node.make(old.inputs, [output]));
    }
    case 'evict': {
      const old = at(node.mempool, what.pick);
      return old && node.evict(old.txid);
    }
    case 'return': {
      const old = at(node.evicted, what.pick);
      return old && node.objection(old) === undefined ? node.enter(old) : undefined;
    }
    case 'mine':
      for (let left = what.blocks; left > 0; left--) node.mine(node.minable(what.share));
      return;
    case 'coinbase':
      return node.mine([node.chain.coinbase([world.coinFor(what.to, 1n)])]);
    case 'reorg': {
      const victim = what.steal === undefined ? undefined : at(minedDeposits(world), what.steal);
      const theft = victim && node.make(victim.inputs, [{script: Buffer.from([0x51]), amount: 1000n}]);
      return node.reorg(what.depth, what.extra, what.keep, theft);
    }
    case 'lose':
      return node.lose(what.depth);
    case 'regain':
      return node.regain();
    case 'pay':
      return world.pay(what.account, what.eighths, what.to);
    case 'cancel':
    case 'release': {
      const payout = at(await world.payouts(), what.pick);
      if (!payout) return;
      await world.ask(one =>
        what.kind === 'cancel' ? one.store.cancelPayout(payout.id, now()) : one.store.releasePayout(payout.id, now()),
      );
      return;
    }
    case 'bump':
      return bumpByHand(world, at(node.mempool.filter(isOurs), what.pick));
    case 'lift': {
      const old = at(node.mempool.filter(isOurs), what.pick);
      return old && world.lift(old.txid);
    }
    case 'theft':
      return stealFrom(world, at(node.mempool.filter(isOurs), what.pick));
    case 'tick':
      return world.run(LOOPS, 1100);
    case 'mend':
      return world.mend();
    case 'run':
      return world.run(what.loops, what.wait);
    case 'kill':
      return engine.breaker.killAfter(what.after);
    case 'fail':
      return engine.breaker.failAfter(what.after, what.times, what.lost);
    case 'switch':
      return flip(world, what.what);
    case 'rescan': {
      await world.ask(one => one.rescan.start(what.from));
      return;
    }
    case 'clock':
      world.wall += what.hours * 3_600_000;
      return;
    case 'accept':
      await world.ask(one => one.store.acceptReorg(now()));
      return;
    default:
      return what satisfies never;
  }
};

/** A coin that pays for these outputs, behind so many transactions between strangers; out of nowhere behind none. */
const strangersCoin = ({node}: RandomWorld, behind: number, outputs: readonly SimulatedOutput[]): Outpoint[] => {
  const amount = outputs.reduce((total, output) => total + output.amount, 10_000n);
  let coin: Outpoint[] = [];
  for (let left = behind; left > 0; left -= 1) {
    const between = node.make(coin, [{script: node.strangersScript(), amount: amount + BigInt(left) * 1000n}]);
    node.enter(between);
    coin = [{txid: between.txid, vout: 0}];
  }
  return coin;
};

/** Payments by strangers in the last blocks, whose coins they may spend otherwise. */
const minedDeposits = ({node, sent}: RandomWorld): SimulatedTransaction[] =>
  node.chain.blocksNow
    .slice(-5)
    .flatMap(({transactions}) => transactions)
    .filter(({txid, coinbase}) => !coinbase && !sent.has(txid) && !node.byHand.has(txid));

const flip = (world: RandomWorld, what: (typeof SWITCHES)[number]): void => {
  const {node} = world;
  switch (what) {
    case 'down':
      node.isDown = !node.isDown;
      break;
    case 'locked':
      node.isLocked = !node.isLocked;
      break;
    case 'full':
      node.isFull = !node.isFull;
      break;
    case 'unloaded':
      node.chain.mempoolLoaded = !node.chain.mempoolLoaded;
      break;
    case 'hints':
      world.hintsHealthy = !world.hintsHealthy;
      break;
    case 'endpoint':
      world.endpointIsDown = !world.endpointIsDown;
      break;
    case 'expensive':
      node.estimate = node.estimate === undefined ? 80 : undefined;
  }
};

/** Somebody raises the fee in the wallet: the same payouts, less change. */
const bumpByHand = ({node}: RandomWorld, old: SimulatedTransaction | undefined): void => {
  if (!old) return;
  const outputs = old.outputs.map(output => ({
    ...output,
    amount: output.amount - (node.changeScripts.has(output.script.toString('hex')) ? 3000n : 0n),
  }));
  if (outputs.some(({amount}) => amount < 1000n)) return;
  const twin = byWallet(old.inputs, outputs);
  if (twin.txid === old.txid) return;
  node.byHand.add(twin.txid);
  node.enter(twin);
};

/** Somebody spends one of its coins elsewhere. */
const stealFrom = ({node}: RandomWorld, old: SimulatedTransaction | undefined): void => {
  const coin = old?.inputs[0];
  const value = coin && node.made.get(coin.txid)?.outputs[coin.vout]?.amount;
  if (!coin || value === undefined) return;
  const theft = byWallet([coin], [{script: Buffer.from([0x51]), amount: value - 5000n}]);
  node.byHand.add(theft.txid);
  node.enter(theft);
};

const byWallet = (inputs: SimulatedTransaction['inputs'], outputs: SimulatedTransaction['outputs']) =>
  parseRaw(
    unsignedBytes({
      inputs: inputs.map(outpoint => ({outpoint, amount: satoshi(0n), scriptPubKey: Buffer.alloc(0)})),
      outputs: outputs.map(({script, amount}) => ({address: '', scriptPubKey: script, amount: satoshi(amount)})),
    }).raw,
  );
