import type {BackendHealth, BackendVitals} from '../../chain/ports.ts';
import type {FeeSource} from '../../payout/ports.ts';
import {parseAmount} from '../../primitives/amount.ts';
import {cleanText} from '../../primitives/clean-text.ts';
import {mempoolInfo, networkInfo, readAs, smartFee} from './answers.ts';
import type {ChannelState} from './channel.ts';
import type {NotifyChannels} from './notify-channels.ts';
import type {RpcClient, RpcOutcome} from './rpc-client.ts';

/** sat/vB of the node's coins per 1,000 vB, which it writes as decimal text. */
const satPerVbyte = (coinsPerKvb: string): number => Number(parseAmount(coinsPerKvb)) / 1000;

export class BitcoindHealth implements BackendHealth {
  readonly #rpc: RpcClient;
  readonly #channels: NotifyChannels;

  constructor(rpc: RpcClient, channels: NotifyChannels) {
    this.#rpc = rpc;
    this.#channels = channels;
  }

  async vitals(): Promise<BackendVitals> {
    const [network, mempool] = await this.#rpc.batch(
      [
        {method: 'getnetworkinfo', params: []},
        {method: 'getmempoolinfo', params: []},
      ],
      {decimals: true},
    );
    const {subversion, connections, relayfee} = readAs(
      networkInfo,
      resultOf(network),
      'getnetworkinfo',
      this.#rpc.faults,
    );
    const pool = readAs(mempoolInfo, resultOf(mempool), 'getmempoolinfo', this.#rpc.faults);
    return {
      version: cleanText(subversion.replace(/^\/|\/$/g, ''), 60),
      peers: connections,
      mempool: {transactions: pool.size, bytes: pool.bytes},
      feeFloor: Math.max(satPerVbyte(pool.mempoolminfee), satPerVbyte(pool.minrelaytxfee ?? relayfee)),
    };
  }

  latencies(): readonly number[] {
    return this.#rpc.latencies.list();
  }

  notifyChannels(): readonly ChannelState[] {
    return this.#channels.states();
  }
}

export class BitcoindFeeSource implements FeeSource {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  async estimate(blocks: number): Promise<number | undefined> {
    const answer = await this.#rpc.call('estimatesmartfee', [blocks], {decimals: true});
    const {feerate} = readAs(smartFee, answer, 'estimatesmartfee', this.#rpc.faults);
    const isKnown = feerate !== undefined && !String(feerate).startsWith('-');
    return isKnown ? satPerVbyte(String(feerate)) : undefined;
  }
}

const resultOf = (outcome: RpcOutcome | undefined): unknown => {
  if (outcome === undefined) return undefined;
  if ('refusal' in outcome) throw outcome.refusal;
  return outcome.result;
};
