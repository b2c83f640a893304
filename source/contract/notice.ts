import {z} from 'zod';
import {blockHash, txid} from './common.ts';

/** A hint that there is something to look at, as a node's `walletnotify` and `blocknotify` give it. Nothing is believed. */
export const noticeBody = z.strictObject({txid: txid.optional(), block: blockHash.optional()});
export type NoticeBody = z.infer<typeof noticeBody>;
