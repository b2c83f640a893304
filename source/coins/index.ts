import {btc} from './btc.ts';
import type {Coin} from './coin.ts';
import {doge} from './doge.ts';
import {ltc} from './ltc.ts';

export type {BlockFormat, Coin, Network, NetworkName, ScriptType} from './coin.ts';
export {SCRIPT_TYPES} from './coin.ts';
export {addressOf, isAddress, scriptOf} from './address.ts';
export {customCoin} from './custom-coin.ts';

/** Every coin that needs no `params` in the config. */
export const coins: ReadonlyMap<string, Coin> = new Map([btc, ltc, doge].map(coin => [coin.name, coin]));
