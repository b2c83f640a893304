import {Transaction} from 'bitcoinjs-lib';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {createBitcoind, type Bitcoind} from '../../../source/backends/bitcoind/index.ts';
import {coins, scriptOf} from '../../../source/coins/index.ts';
import {verifySigned} from '../../../source/payout/verify.ts';
import {parseAmount, satoshi} from '../../../source/primitives/amount.ts';
import {systemClock} from '../../../source/primitives/clock.ts';
import type {Txid} from '../../../source/primitives/ids.ts';
import {silentLog} from '../../../source/primitives/log.ts';
import {createNodeSigner} from '../../../source/signers/node.ts';
import {type FakeCall, FakeRpcServer} from '../../support/fake-rpc-server.ts';

const doge = coins.get('doge')!;
const mainnet = doge.networks.mainnet!;
const RECEIVE = 'DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L';
const MASTER_KEY = '459f7e82fc00eeb209413f2a43be132214d49243';
const TIP = '0'.repeat(60) + 'beef';
/** Header of the block 1 of Dogecoin's regtest, as `getblockheader hash false` writes it. */
const HEADER =
  '04006200a573e91c1772076c0d40f70e4408c83a31705f296ae6e7629d4adcb5a360213d85711eab5e7932893bc19abe378e66701a242ec323416a743996aa672de18b2636c59c6affff7f2001000000';

const payment = (input: number): Transaction => {
  const transaction = new Transaction();
  transaction.version = 1;
  transaction.addInput(Buffer.alloc(32, input), 0);
  transaction.addOutput(scriptOf(RECEIVE, doge, mainnet), 100_000_000n);
  return transaction;
};
const inMempool = [payment(1), payment(2)];

/** What Dogecoin Core 1.14 (of Bitcoin Core 0.14) has, of what is asked here. */
const COMMANDS = [
  '== Blockchain ==\ngetblockchaininfo\ngetblockhash height\ngetblockheader "hash" ( verbose )\ngetmempoolentry txid',
  '\ngetmempoolinfo\ngetrawmempool ( verbose )\n\n== Rawtransactions ==\ncreaterawtransaction [] {}',
  '\ngetrawtransaction "txid" ( verbose )\nsendrawtransaction "hex"\nsignrawtransaction "hex"\n\n== Util ==\nestimatesmartfee nblocks',
  '\nvalidateaddress "address"\n\n== Wallet ==\ngetbalance\ngetnewaddress ( "account" )\ngetrawchangeaddress\ngetwalletinfo\nlistunspent\nlockunspent unlock',
].join('');

const ANSWERS: Record<string, (params: readonly unknown[]) => unknown> = {
  help: ([method]) => (method === undefined ? COMMANDS : 'Arguments: none to speak of'),
  getblockchaininfo: () => ({
    chain: 'main',
    blocks: 5_120_881,
    headers: 5_120_881,
    bestblockhash: TIP,
    difficulty: 1,
    mediantime: 1,
    verificationprogress: 1,
    pruned: false,
  }),
  getblockheader: () => HEADER,
  getblockhash: () => mainnet.genesis,
  getnetworkinfo: () => ({version: 1_140_900, subversion: '/Shibetoshi:1.14.9/', connections: 8, relayfee: 0.001}),
  getmempoolinfo: () => ({size: 2, bytes: 500, usage: 1, maxmempool: 300_000_000, mempoolminfee: 0}),
  getrawmempool: () => inMempool.map(transaction => transaction.getId()),
  getmempoolentry: ([txid]) =>
    inMempool.some(one => one.getId() === txid) ? {size: 250} : missing('Transaction not in mempool'),
  getrawtransaction: ([txid]) =>
    inMempool.find(one => one.getId() === txid)?.toHex() ?? missing('No such mempool transaction'),
  estimatesmartfee: () => ({feerate: -1, blocks: 6}),
  getwalletinfo: () => ({
    walletversion: 130_000,
    balance: 5.5,
    immature_balance: 10_000,
    txcount: 2,
    hdmasterkeyid: MASTER_KEY,
  }),
  getbalance: () => 5.5,
  listunspent: () => [{txid: inMempool[0]!.getId(), vout: 0, amount: 5.5, confirmations: 7}],
  getnewaddress: params => (params.length === 1 ? RECEIVE : refuse(-1, 'getnewaddress ( "account" )')),
  getrawchangeaddress: params => (params.length === 0 ? RECEIVE : refuse(-1, 'getrawchangeaddress')),
  validateaddress: () => ({isvalid: true, ismine: true, hdkeypath: "m/0'/3'/1'", hdmasterkeyid: MASTER_KEY}),
  lockunspent: params =>
    params.length === 2 ? true : refuse(-1, 'lockunspent unlock ([{"txid":"txid","vout":n},...])'),
  createrawtransaction: ([inputs, outputs]) => {
    const transaction = new Transaction();
    transaction.version = 1;
    for (const {txid, vout, sequence} of inputs as {txid: string; vout: number; sequence: number}[])
      transaction.addInput(Buffer.from(txid, 'hex').reverse(), vout, sequence);
    for (const [address, amount] of Object.entries(outputs as Record<string, string>))
      transaction.addOutput(scriptOf(address, doge, mainnet), parseAmount(amount));
    return transaction.toHex();
  },
  signrawtransaction: ([hex]) => {
    const transaction = Transaction.fromHex(hex as string);
    for (const input of transaction.ins) input.script = Buffer.alloc(107, 1);
    return {hex: transaction.toHex(), complete: true};
  },
  sendrawtransaction: ([hex]) => Transaction.fromHex(hex as string).getId(),
};

class Refused {
  readonly error: {code: number; message: string};
  constructor(code: number, message: string) {
    this.error = {code, message};
  }
}
const refuse = (code: number, message: string) => new Refused(code, message);
const missing = (message: string) => refuse(-5, message);

const answer = ({id, method, params}: FakeCall) => {
  const result = (ANSWERS[method] ?? (() => refuse(-32_601, 'Method not found')))(params);
  return result instanceof Refused ? {result: null, error: result.error, id} : {result, error: null, id};
};

describe('a daemon of the dialect of Dogecoin Core 1.14, by its recorded answers', () => {
  let fake: FakeRpcServer;
  let node: Bitcoind;
  const paths = new Set<string>();
  beforeAll(async () => {
    fake = await FakeRpcServer.start((response, calls, request) => {
      paths.add(request.url ?? '');
      const replies = calls.map(answer);
      const failed = replies.length === 1 && replies[0]!.error !== null;
      response.writeHead(failed ? 500 : 200, {'content-type': 'application/json'});
      response.end(JSON.stringify(replies.length === 1 ? replies[0] : replies));
    });
    node = createBitcoind(
      {
        type: 'bitcoind',
        url: fake.url,
        auth: {kind: 'password', user: 'u', password: 'p'},
        wallet: 'hot',
        timeout: 15_000,
        notify: [],
      },
      {coin: doge, network: mainnet, clock: systemClock, log: silentLog, walletFingerprints: [`seed:${MASTER_KEY}`]},
    );
  });
  afterAll(async () => {
    await node.close();
    await fake.close();
  });

  test('tells its tip, whose time stands in the header alone', async () => {
    expect(await node.chain.tip()).toMatchObject({
      height: 5_120_881,
      hash: TIP,
      chain: 'main',
      syncing: false,
      time: 0x6a9cc536,
    });
    expect(await node.chain.genesis()).toBe(mainnet.genesis);
  });

  test('tells of its mempool what it can: nothing is concluded from absence right after a start', async () => {
    const {loaded, txids} = await node.chain.mempool();
    expect(loaded).toBe(false);
    expect(await node.chain.mempoolTransactions([...txids])).toEqual(inMempool.map(one => Buffer.from(one.toBuffer())));
    const spent = {txid: '02'.repeat(32) as Txid, vout: 0};
    const unspent = {txid: '03'.repeat(32) as Txid, vout: 0};
    expect(await node.chain.mempoolSpenders([unspent, spent])).toEqual([undefined, inMempool[1]!.getId()]);
  });

  test('has one wallet, known by the key that all of its keys come from', async () => {
    expect(await node.addresses.walletFingerprints()).toEqual([`seed:${MASTER_KEY}`]);
    expect(await node.addresses.newAddress()).toBe(RECEIVE);
    expect(await node.addresses.newChangeAddress()).toBe(RECEIVE);
    expect(await node.addresses.walletTotal()).toBe(1_000_550_000_000n);
    expect(await node.addresses.walletCoins()).toEqual([
      {outpoint: {txid: inMempool[0]!.getId(), vout: 0}, amount: 550_000_000n},
    ]);
    expect([...paths]).toEqual(['/']);
  });

  test('knows its version and fees, and no estimate where it says -1', async () => {
    expect(await node.health.vitals()).toEqual({
      version: 'Shibetoshi:1.14.9',
      peers: 8,
      mempool: {transactions: 2, bytes: 500},
      feeFloor: 100,
    });
    expect(await node.fees.estimate(6)).toBeUndefined();
  });

  test('signs without PSBT what was planned, in its order, and is sent it untested', async () => {
    const other = 'DBXu2kgc3xtvCUWFcxFE3r9hEYgmuaaCyD';
    const signer = createNodeSigner(node.wallet, silentLog);
    const script = scriptOf(RECEIVE, doge, mainnet);
    const plan = {
      inputs: [
        {outpoint: {txid: inMempool[0]!.getId() as Txid, vout: 0}, amount: satoshi(301_000_000n), scriptPubKey: script},
      ],
      outputs: [other, RECEIVE].map((address, index) => ({
        address,
        scriptPubKey: scriptOf(address, doge, mainnet),
        amount: satoshi(BigInt(index + 1) * 100_000_000n),
      })),
      fee: satoshi(1_000_000n),
    };
    await signer.lock(plan.inputs.map(({outpoint}) => outpoint));
    const signed = await signer.sign(plan);
    if (signed.kind !== 'signed') throw new Error(signed.kind);
    // It writes version 1, where Bitcoin Core writes 2.
    const rules = {minRate: doge.fees.min, maxRate: doge.fees.max, plannedSize: 226};
    expect(verifySigned(plan, signed.raw, rules)).toMatchObject({kind: 'as-planned'});
    const transaction = Transaction.fromBuffer(signed.raw);
    expect(transaction.outs.map(({value}) => value)).toEqual([100_000_000n, 200_000_000n]);
    expect(transaction.ins[0]!.sequence).toBe(0xffff_fffd);
    expect(await node.broadcaster.testAccept(signed.raw)).toEqual({kind: 'acceptable'});
    expect(await node.broadcaster.send(signed.raw, transaction.getId() as Txid)).toEqual({kind: 'accepted'});
  });
});
