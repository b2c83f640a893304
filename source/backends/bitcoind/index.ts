export {type Bitcoind, type BitcoindOptions, createBitcoind} from './bitcoind.ts';
export {Refusal, isRefusal} from './faults.ts';
export type {WalletRpc} from './wallet-rpc.ts';
