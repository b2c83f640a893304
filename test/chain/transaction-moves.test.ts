import {describe, expect, test} from 'vitest';
import type {BlockFacts, RelevantTransaction} from '../../source/chain/facts.ts';
import {
  planMoves,
  scriptKey,
  type KnownTransaction,
  type MovesState,
  type TransactionMove,
} from '../../source/chain/transaction-moves.ts';
import {satoshi} from '../../source/primitives/amount.ts';
import {outpointKey, type BlockHash, type Outpoint, type OutpointKey, type Txid} from '../../source/primitives/ids.ts';

// Transactions are written `a<x+y>us`: a spends the coins x and y and pays us; `a<x` pays somebody else. A coin is
// foreign, or the first output of the transaction of that name.

const OUR_SCRIPT = Buffer.from('aa');
const txid = (name: string): Txid => name.padStart(64, '0') as Txid;
const coin = (name: string): Outpoint => ({txid: txid(name), vout: 0});
const transaction = (text: string): RelevantTransaction => {
  const [, name = '', inputs = '', us] = /^(\w)<([\w+]*)>?(us)?$/.exec(text) ?? [];
  const output = {vout: 0, scriptPubKey: OUR_SCRIPT, amount: satoshi(5n)};
  return {
    txid: txid(name),
    raw: Buffer.alloc(0),
    coinbase: inputs === '',
    inputs: inputs.split('+').filter(Boolean).map(coin),
    outputs: us === undefined ? [] : [output],
  };
};
const block = (height: number, ...transactions: string[]): BlockFacts => ({
  height,
  hash: `block-${height}` as BlockHash,
  previous: `block-${height - 1}` as BlockHash,
  time: 0,
  transactions: transactions.map(transaction),
});

interface Known {
  /** In our ledger's mempool, with what they spend. */
  readonly mempool?: readonly string[];
  /** In blocks that go. */
  readonly disconnected?: readonly string[];
  /** In blocks that stay. */
  readonly anchored?: readonly string[];
}

const stateOf = ({mempool = [], disconnected = [], anchored = []}: Known): MovesState => {
  const known = new Map<Txid, KnownTransaction>();
  const rivals = new Map<OutpointKey, Txid[]>();
  const children = new Map<Txid, Txid[]>();
  const ours = new Set<OutpointKey>();
  const add = (texts: readonly string[], state: 'mempool' | 'anchored') => {
    for (const text of texts) {
      const {txid, coinbase, inputs, outputs} = transaction(text);
      const isAnchored = state === 'anchored';
      known.set(txid, {state, coinbase, height: isAnchored ? 1 : null, hash: isAnchored ? ('old' as BlockHash) : null});
      if (outputs.length > 0) ours.add(outpointKey({txid, vout: 0}));
      if (state === 'mempool')
        for (const input of inputs) {
          rivals.set(outpointKey(input), [...(rivals.get(outpointKey(input)) ?? []), txid]);
          children.set(input.txid, [...(children.get(input.txid) ?? []), txid]);
        }
    }
  };
  add(mempool, 'mempool');
  add([...disconnected, ...anchored], 'anchored');
  return {
    known,
    disconnected: new Map(disconnected.map(transaction).map(({txid, inputs}) => [txid, inputs])),
    addresses: new Map([[scriptKey(OUR_SCRIPT), {id: 1, accountId: 1, purpose: 'receive' as const}]]),
    ownOutpoints: ours,
    rivals,
    children,
  };
};

/** `a anchored 5`, `a mempool seen`, `a back in mempool`, `a gone replaced by b`, with `unanchored`. */
const short = ({txid, after, sighted, unanchored}: TransactionMove): string => {
  const name = txid.replace(/^0+/, '');
  const by = after.kind === 'gone' && after.replacedBy ? ` by ${after.replacedBy.replace(/^0+/, '')}` : '';
  const where = {anchored: 'anchored', mempool: sighted ? 'seen' : 'believed', gone: 'gone'}[after.kind];
  const detail = after.kind === 'anchored' ? ` ${after.height}` : after.kind === 'gone' ? ` ${after.reason}${by}` : '';
  return `${name} ${where}${detail}${unanchored ? ' unanchored' : ''}`;
};

interface Scenario {
  readonly name: string;
  readonly known?: Known;
  readonly blocks?: readonly BlockFacts[];
  readonly seen?: readonly string[];
  readonly gone?: readonly (readonly [name: string, by?: string])[];
  readonly ancestors?: readonly string[];
  readonly moves: readonly string[];
}

const SCENARIOS: readonly Scenario[] = [
  {name: 'a payment in a block', blocks: [block(5, 'a<x>us')], moves: ['a anchored 5']},
  {name: 'a payment in the mempool', seen: ['a<x>us'], moves: ['a seen']},
  {name: 'a foreign transaction that only hit a fingerprint', blocks: [block(5, 'a<x')], seen: ['b<y'], moves: []},
  {name: 'a foreign spender of a coin of ours', known: {anchored: ['a<x>us']}, seen: ['b<a'], moves: ['b seen']},
  {name: 'a spender in the same block', blocks: [block(5, 'a<x>us', 'b<a')], moves: ['a anchored 5', 'b anchored 5']},
  {name: 'a child that the mempool lists first', seen: ['b<a', 'a<x>us'], moves: ['b seen', 'a seen']},
  {name: 'mined while seen', blocks: [block(5, 'a<x>us')], seen: ['a<x>us'], moves: ['a anchored 5']},
  {name: 'an old report of one that is anchored', known: {anchored: ['a<x>us']}, seen: ['a<x>us'], moves: []},
  {
    name: 'a replacement that the mempool shows',
    known: {mempool: ['a<x>us']},
    seen: ['b<x>us'],
    moves: ['b seen', 'a gone replaced by b'],
  },
  {
    name: 'a foreign replacement',
    known: {mempool: ['a<x+y>us']},
    seen: ['b<y'],
    moves: ['a gone replaced by b'],
  },
  {
    name: 'two rivals, both shown: undecided',
    known: {mempool: ['a<x>us']},
    seen: ['a<x>us', 'b<x>us'],
    moves: ['a seen', 'b seen'],
  },
  {
    name: 'a rival in a block beats everything that the mempool says',
    known: {mempool: ['a<x>us']},
    blocks: [block(5, 'b<x')],
    seen: ['a<x>us', 'c<x>us'],
    gone: [['a']],
    moves: ['b anchored 5', 'a gone conflicted by b'],
  },
  {name: 'gone from the mempool', known: {mempool: ['a<x>us']}, gone: [['a']], moves: ['a gone evicted']},
  {name: 'gone and replaced', known: {mempool: ['a<x>us']}, gone: [['a', 'b']], moves: ['a gone replaced by b']},
  {
    name: 'gone, as it was mined',
    known: {mempool: ['a<x>us']},
    blocks: [block(5, 'a<x>us')],
    gone: [['a']],
    moves: ['a anchored 5'],
  },
  {name: 'gone, which we never had, or is anchored', known: {anchored: ['a<x>us']}, gone: [['a'], ['b']], moves: []},
  {
    name: 'a block that goes, its payment in the other branch too',
    known: {disconnected: ['a<x>us']},
    blocks: [block(5), block(6, 'a<x>us')],
    moves: ['a anchored 6'],
  },
  {
    name: 'a block that goes, and nothing known of its payment',
    known: {disconnected: ['a<x>us']},
    blocks: [block(5)],
    moves: ['a believed unanchored'],
  },
  {
    name: 'a block that goes, its payment in the mempool',
    known: {disconnected: ['a<x>us']},
    blocks: [block(5)],
    seen: ['a<x>us'],
    moves: ['a seen unanchored'],
  },
  {
    name: 'a block that goes, its payment double spent in the other branch',
    known: {disconnected: ['a<x>us']},
    blocks: [block(5, 'b<x')],
    seen: ['a<x>us'],
    moves: ['b anchored 5', 'a gone conflicted by b unanchored'],
  },
  {
    name: 'a block that goes, its payment replaced in the mempool',
    known: {disconnected: ['a<x>us']},
    blocks: [block(5)],
    seen: ['b<x'],
    moves: ['a gone replaced by b unanchored'],
  },
  {
    name: 'a payment whose grandparent loses its coin to a block',
    known: {mempool: ['a<x', 'b<a', 'c<b>us']},
    blocks: [block(5, 'd<x')],
    moves: ['d anchored 5', 'a gone conflicted by d', 'b gone conflicted by d', 'c gone conflicted by d'],
  },
  {
    name: 'a block that goes, the stranger’s parent of its payment double spent in the other branch',
    known: {disconnected: ['b<a>us', 'c<b>us']},
    ancestors: ['a<x'],
    blocks: [block(5, 'd<x')],
    moves: [
      'd anchored 5',
      'a gone conflicted by d',
      'b gone conflicted by d unanchored',
      'c gone conflicted by d unanchored',
    ],
  },
  {
    name: 'a block that goes, and with it the stranger’s parent of its payment',
    known: {disconnected: ['b<a>us']},
    ancestors: ['a<x'],
    blocks: [block(5)],
    moves: ['a believed', 'b believed unanchored'],
  },
  {
    name: 'a block that goes, its payment and the stranger’s parent of it in the other branch',
    known: {disconnected: ['b<a>us']},
    ancestors: ['a<x'],
    blocks: [block(5, 'a<x', 'b<a>us')],
    moves: ['b anchored 5'],
  },
  {
    name: 'what spends from a replaced one is told when the mempool loses it',
    known: {mempool: ['a<x>us', 'b<a>us']},
    seen: ['d<x'],
    moves: ['a gone replaced by d'],
  },
  {
    name: 'a block that goes with its coinbase',
    known: {disconnected: ['a<>us']},
    blocks: [block(5)],
    moves: ['a gone reorged unanchored'],
  },
];

describe('where transactions are after a step', () => {
  test.each(SCENARIOS)('$name', ({known = {}, blocks = [], seen = [], gone = [], ancestors = [], moves}) => {
    const lost = gone.map(([name, by]) => ({txid: txid(name), replacedBy: by === undefined ? undefined : txid(by)}));
    const planned = planMoves(stateOf(known), blocks, seen.map(transaction), lost, ancestors.map(transaction));
    expect(planned.map(short)).toEqual(moves);
  });

  test('spends are those of coins of ours, old and new', () => {
    const state = stateOf({anchored: ['a<x>us']});
    const [, move] = planMoves(state, [block(5, 'b<y>us', 'c<a+b+z')], [], []);
    expect(move?.spends).toEqual([coin('a'), coin('b')]);
  });
});
