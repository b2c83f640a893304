import {ChainIndex} from './chain-index.ts';
import type {ElectrumServer, Session} from './electrum-server.ts';

/** ElectrumX: 1 for a bad request, 2 for what the node refused. */
export class ProtocolError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

type Params = readonly unknown[];
type Method = (server: ElectrumServer, session: Session, params: Params) => unknown;

const MOST_HEADERS = 2016;
const WRAPPED = 'the transaction was rejected by network rules.\n\n';

const headerAt = ({index, lies}: ElectrumServer, height: number): string => {
  const header = lies.headers?.get(height) ?? index.blocks[height]?.header;
  if (header === undefined) throw new ProtocolError(1, `height ${height} out of range`);
  return header;
};

const headers: Method = (server, _session, [start, count]) => {
  const most = server.lies.mostHeaders ?? MOST_HEADERS;
  const last = Math.min(Number(start) + Math.min(Number(count), most), server.index.blocks.length);
  const found = Array.from({length: Math.max(0, last - Number(start))}, (_, at) =>
    headerAt(server, Number(start) + at),
  );
  return {count: found.length, hex: found.join(''), max: most};
};

const followHeaders: Method = async (server, session) => {
  await server.sync();
  session.followsHeaders = true;
  session.tip = server.index.tip.hash;
  const {height} = server.index.tip;
  return {height, hex: headerAt(server, height)};
};

const subscribe: Method = (server, session, [script]) => {
  const status = ChainIndex.status(server.history(String(script)));
  session.scripts.set(String(script), status);
  return status;
};

const balance: Method = (server, _session, [script]) => {
  const sumOf = (rows: {value: number}[]) => rows.reduce((sum, {value}) => sum + value, 0);
  const all = unspent(server, String(script));
  return {
    confirmed: sumOf(all.filter(({height}) => height > 0)),
    unconfirmed: sumOf(all.filter(({height}) => height === 0)),
  };
};

/** Spends of the mempool count, as in ElectrumX. */
const unspent = (server: ElectrumServer, script: string) => {
  const txids = server.history(script).map(({tx_hash: txid}) => txid);
  return server.index
    .outputsOf(script, txids)
    .filter(({txid, vout}) => !server.index.isSpent(txid, vout))
    .map(({txid, vout, value}) => ({tx_hash: txid, tx_pos: vout, value, height: server.index.heightOf(txid) ?? 0}));
};

const transaction: Method = async (server, _session, [txid, verbose]) => {
  const made = server.lies.raws?.get(String(txid));
  if (made !== undefined) return made;
  return server.node.rpc('getrawtransaction', [txid, verbose === true]);
};

const merkle: Method = (server, _session, [txid, height]) => {
  const made = server.lies.proofs?.get(String(txid));
  if (made !== undefined) return made;
  const branch = server.index.branch(String(txid), Number(height));
  if (branch === undefined) throw new ProtocolError(1, `tx ${String(txid)} not in block at height ${String(height)}`);
  return {...branch, block_height: height};
};

const broadcast: Method = async (server, _session, [hex]) => {
  try {
    const txid = await server.node.rpc('sendrawtransaction', [hex]);
    await server.sync();
    return txid;
  } catch (error) {
    // As ElectrumX does: the node's words, without its code, and the transaction again.
    const words = (error as Error).message.replace(/^\w+: -?\d+ /, '');
    throw new ProtocolError(1, `${WRAPPED}${words}\n[${String(hex)}]`);
  }
};

const METHODS: Readonly<Record<string, Method>> = {
  'server.version': () => ['TestServer 1.0', '1.4'],
  'server.ping': () => null,
  'server.banner': () => 'a test server',
  'server.donation_address': () => '',
  'server.peers.subscribe': () => [],
  'server.features': ({index, lies, port}) => ({
    genesis_hash: lies.genesis ?? index.blocks[0]!.hash,
    hosts: {'127.0.0.1': {tcp_port: port}},
    protocol_max: '1.4',
    protocol_min: '1.4',
    pruning: null,
    server_version: 'TestServer 1.0',
    hash_function: 'sha256',
  }),
  'blockchain.block.header': (server, _session, [height]) => headerAt(server, Number(height)),
  'blockchain.block.headers': headers,
  'blockchain.headers.subscribe': followHeaders,
  'blockchain.scripthash.subscribe': subscribe,
  'blockchain.scripthash.unsubscribe': (_server, session, [script]) => session.scripts.delete(String(script)),
  'blockchain.scripthash.get_history': (server, _session, [script]) => server.history(String(script)),
  'blockchain.scripthash.get_mempool': (server, _session, [script]) => server.index.unconfirmed(String(script)),
  'blockchain.scripthash.get_balance': balance,
  'blockchain.scripthash.listunspent': (server, _session, [script]) => unspent(server, String(script)),
  'blockchain.transaction.get': transaction,
  'blockchain.transaction.get_merkle': merkle,
  'blockchain.transaction.broadcast': broadcast,
  'blockchain.estimatefee': async ({node}, _session, [blocks]) =>
    (await node.rpc<{feerate?: number}>('estimatesmartfee', [blocks])).feerate ?? -1,
  'blockchain.relayfee': async ({node}) => (await node.rpc<{relayfee: number}>('getnetworkinfo')).relayfee,
  'mempool.get_fee_histogram': () => [],
};

export const answer = async (
  server: ElectrumServer,
  session: Session,
  method: string,
  params: Params,
): Promise<unknown> => {
  const error = server.lies.errors?.get(method);
  if (error) throw new ProtocolError(error.code, error.message);
  const found = METHODS[method];
  if (found === undefined) throw new ProtocolError(-32_601, `unknown method "${method}"`);
  return found(server, session, params);
};
