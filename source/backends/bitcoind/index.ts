export type {Abilities} from './abilities.ts';
export {type Bitcoind, createBitcoind} from './bitcoind.ts';
export {isRefusal} from './faults.ts';
export type {WalletRpc} from './wallet-rpc.ts';
