import {createHash} from 'node:crypto';
import {ANYONE_CAN_SPEND, type RegtestNode} from '../support/regtest-node.ts';

export interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly amount: bigint;
}

export interface Payment {
  /** hex */
  readonly script: string;
  readonly amount: bigint;
}

export const FREE_SCRIPT = ANYONE_CAN_SPEND;

const varInt = (value: number): Buffer => {
  if (value < 0xfd) return Buffer.from([value]);
  const bytes = Buffer.alloc(3);
  bytes[0] = 0xfd;
  bytes.writeUInt16LE(value, 1);
  return bytes;
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** A transaction that spends one anyone-can-spend coin, complete without a signature, and its txid. */
export const spend = (coin: Coin, payments: readonly Payment[]): {hex: string; txid: string} => {
  const outputs = payments.map(({script, amount}) => {
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(amount);
    return Buffer.concat([value, varInt(script.length / 2), Buffer.from(script, 'hex')]);
  });
  const version = uint32(2);
  const locktime = uint32(0);
  const body = Buffer.concat([
    varInt(1),
    Buffer.from(coin.txid, 'hex').reverse(),
    uint32(coin.vout),
    varInt(0),
    uint32(0xfffffffd),
    varInt(payments.length),
    ...outputs,
  ]);
  // Witness: two items would be needed for nothing; P2WSH(OP_TRUE) takes only its script, 0x51.
  const witness = Buffer.from([1, 1, 0x51]);
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const txid = hash(hash(Buffer.concat([version, body, locktime])))
    .reverse()
    .toString('hex');
  return {hex: Buffer.concat([version, Buffer.from([0, 1]), body, witness, locktime]).toString('hex'), txid};
};

/** A witness program nobody of ours has: what a stranger's payment looks like. */
export const foreignScript = (index: number): string =>
  `0014${createHash('sha256').update(`foreign ${index}`).digest('hex').slice(0, 40)}`;

export const scriptOfAddress = async (node: RegtestNode, address: string): Promise<string> =>
  (await node.rpc<{scriptPubKey: string}>('validateaddress', [address])).scriptPubKey;

/** Mines anyone-can-spend coins and returns those of `count` mature blocks. */
export const mineFreeCoins = async (node: RegtestNode, count: number): Promise<Coin[]> => {
  const hashes = await node.mine(count);
  await node.mine(100);
  const coins: Coin[] = [];
  for (const hash of hashes) {
    const block = await node.rpc<{tx: {txid: string; vout: {value: number}[]}[]}>('getblock', [hash, 2]);
    const coinbase = block.tx[0]!;
    coins.push({txid: coinbase.txid, vout: 0, amount: BigInt(Math.round(coinbase.vout[0]!.value * 1e8))});
  }
  return coins;
};

/** Splits a coin into equal confirmed ones. */
export const split = async (node: RegtestNode, coin: Coin, into: number): Promise<Coin[]> => {
  const amount = (coin.amount - 100_000n) / BigInt(into);
  const {hex, txid} = spend(
    coin,
    Array.from({length: into}, () => ({script: FREE_SCRIPT, amount})),
  );
  await node.rpc('sendrawtransaction', [hex]);
  await node.mine(1);
  return Array.from({length: into}, (_, vout) => ({txid, vout, amount}));
};

export const sendAll = async (node: RegtestNode, hexes: readonly string[]): Promise<void> => {
  for (let from = 0; from < hexes.length; from += 100)
    await node.batch(hexes.slice(from, from + 100).map(hex => ['sendrawtransaction', [hex]] as const));
};
