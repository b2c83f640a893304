import {btc} from './btc.ts';
import type {Coin} from './coin.ts';

export type {Coin, Network, NetworkName} from './coin.ts';
export {addressOf, scriptOf} from './address.ts';

/** Every coin this version speaks. */
export const coins: ReadonlyMap<string, Coin> = new Map([[btc.name, btc]]);
