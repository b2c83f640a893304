import {merkleBranch} from '../merkle-branch.ts';
import {RpcRefusal, type RegtestNode} from '../regtest-node.ts';
import {blockAnswer, outspendAnswer, statusOf, transactionAnswer} from './answers.ts';
import type {ChainIndex, IndexedTransaction} from './chain-index.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export const json = (value: unknown): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(value),
});
export const text = (body: string, status = 200): Answer => ({status, type: 'text/plain', body});
const bytes = (body: Buffer): Answer => ({status: 200, type: 'application/octet-stream', body});
const missing = (what: string): Answer => text(`${what} not found`, 404);

interface RouteParts {
  readonly index: ChainIndex;
  readonly node: RegtestNode;
  /** Transactions on a page of confirmed ones. */
  readonly page: number;
  /** Mempool transactions listed of a script. */
  readonly mempoolPage: number;
  readonly hidesSizes: boolean;
}

type Route = (parts: RouteParts, captured: readonly string[], asked: Asked) => Answer | Promise<Answer>;

const HASH = '([0-9a-f]{64})';
const BLOCKS_ON_A_PAGE = 10;
const FEE_TARGETS = [1, 2, 3, 4, 5, 6, 10, 20, 25, 144, 504, 1008];

const forTransaction =
  (answer: (index: ChainIndex, found: IndexedTransaction) => Answer): Route =>
  ({index}, [txid]) => {
    const found = index.find(txid!);
    return found === undefined ? missing('Transaction') : answer(index, found);
  };

const chainPage: Route = ({index, page}, [script, lastSeen]) => {
  const all = index.history(script!);
  const start = lastSeen === undefined ? 0 : all.findIndex(({txid}) => txid === lastSeen) + 1;
  return json(all.slice(start, start + page).map(found => transactionAnswer(index, found)));
};

const blocksFrom: Route = ({index, hidesSizes}, [start]) => {
  const top = start === undefined ? index.chain.length - 1 : Number(start);
  if (index.chain[top] === undefined) return missing('Block');
  return json(
    index.chain
      .slice(Math.max(0, top - BLOCKS_ON_A_PAGE + 1), top + 1)
      .reverse()
      .map(block => blockAnswer(block, hidesSizes)),
  );
};

const broadcast: Route = async ({node}, _, {body}) => {
  try {
    return text(await node.rpc<string>('sendrawtransaction', [body]));
  } catch (error) {
    if (!(error instanceof RpcRefusal)) throw error;
    const message = error.message.replace(/^sendrawtransaction: -?\d+ /, '');
    return text(`sendrawtransaction RPC error: ${JSON.stringify({code: error.code, message})}`, 400);
  }
};

const feeEstimates: Route = async ({node}) => {
  const answers = await node.batch<{feerate?: number}>(
    FEE_TARGETS.map(target => ['estimatesmartfee', [target]] as const),
  );
  const known = answers.flatMap(({feerate}, at) => (feerate === undefined ? [] : [[FEE_TARGETS[at]!, feerate * 1e5]]));
  return json(Object.fromEntries(known));
};

const ROUTES: readonly (readonly [string, string, Route])[] = [
  ['GET', '/blocks/tip/hash', ({index}) => text(index.chain.at(-1)!.hash)],
  ['GET', '/blocks/tip/height', ({index}) => text(String(index.chain.at(-1)!.height))],
  ['GET', '/blocks(?:/(\\d+))?', blocksFrom],
  [
    'GET',
    '/block-height/(\\d+)',
    ({index}, [height]) => {
      const block = index.chain[Number(height)];
      return block === undefined ? missing('Block') : text(block.hash);
    },
  ],
  [
    'GET',
    `/block/${HASH}(/header|/raw|/txids|/status|)`,
    ({index, hidesSizes}, [hash, part]) => {
      const block = index.blocks.get(hash!);
      if (part === '/status') return json({in_best_chain: block !== undefined && index.chain[block.height] === block});
      if (block === undefined) return missing('Block');
      if (part === '/header') return text(block.raw.toString('hex', 0, 80));
      if (part === '/raw') return bytes(block.raw);
      return json(part === '/txids' ? block.txids : blockAnswer(block, hidesSizes));
    },
  ],
  ['GET', `/scripthash/${HASH}/txs/chain(?:/${HASH})?`, chainPage],
  [
    'GET',
    `/scripthash/${HASH}/txs/mempool`,
    ({index, mempoolPage}, [script]) =>
      json(
        index
          .mempoolHistory(script!)
          .slice(0, mempoolPage)
          .map(found => transactionAnswer(index, found)),
      ),
  ],
  ['GET', `/tx/${HASH}`, forTransaction((index, found) => json(transactionAnswer(index, found)))],
  ['GET', `/tx/${HASH}/raw`, forTransaction((_, {raw}) => bytes(raw))],
  ['GET', `/tx/${HASH}/hex`, forTransaction((_, {raw}) => text(raw.toString('hex')))],
  // Of one that it never heard of, too.
  ['GET', `/tx/${HASH}/status`, ({index}, [txid]) => json(statusOf(index, txid!))],
  [
    'GET',
    `/tx/${HASH}/merkle-proof`,
    ({index}, [txid]) => {
      const block = index.blockOf(txid!);
      if (block === undefined) return text('Transaction not found or is unconfirmed', 404);
      const pos = block.txids.indexOf(txid!);
      return json({block_height: block.height, merkle: merkleBranch(block.txids, pos), pos});
    },
  ],
  ['GET', `/tx/${HASH}/outspend/(\\d+)`, ({index}, [txid, vout]) => json(outspendAnswer(index, txid!, Number(vout)))],
  [
    'GET',
    `/tx/${HASH}/outspends`,
    forTransaction((index, {txid, outputs}) => json(outputs.map((_, vout) => outspendAnswer(index, txid, vout)))),
  ],
  ['POST', '/tx', broadcast],
  [
    'GET',
    '/mempool',
    ({index}) => {
      const all = [...index.mempool.values()];
      const vsize = all.reduce((sum, {transaction}) => sum + transaction.virtualSize(), 0);
      return json({count: all.length, vsize, total_fee: 0, fee_histogram: []});
    },
  ],
  ['GET', '/mempool/txids', ({index}) => json([...index.mempool.keys()])],
  ['GET', '/fee-estimates', feeEstimates],
];

const PATTERNS = ROUTES.map(([method, path, route]) => ({method, pattern: new RegExp(`^${path}$`), route}));

/** What an honest server answers. */
export const honestAnswer = async (parts: RouteParts, asked: Asked): Promise<Answer> => {
  for (const {method, pattern, route} of PATTERNS) {
    const match = method === asked.method ? pattern.exec(asked.path) : null;
    if (match) return route(parts, match.slice(1), asked);
  }
  return text(`endpoint does not exist ${JSON.stringify(asked.path)}`, 404);
};
