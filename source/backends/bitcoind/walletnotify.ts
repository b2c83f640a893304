import {hintsAbout, type Hint} from '../../chain/ports.ts';
import type {Txid} from '../../primitives/ids.ts';

const HASH = /^[0-9a-f]{64}$/;

/** What `-walletnotify` and `-blocknotify` may hand over: `<txid>`, `txid=<txid>`, `block=<hash>`. */
export type Notice = {readonly kind: 'transaction'; readonly txid: Txid} | {readonly kind: 'block'};

/** Undefined for what is neither. */
export const readNotice = (text: string): Notice | undefined => {
  const [, name = 'txid', value = ''] = /^(?:(txid|block)=)?\s*(\S+)$/.exec(text.trim().toLowerCase()) ?? [];
  if (!HASH.test(value)) return undefined;
  return name === 'block' ? {kind: 'block'} : {kind: 'transaction', txid: value as Txid};
};

export const hintsOf = (notice: Notice): Hint[] =>
  notice.kind === 'block' ? [{kind: 'block'}] : hintsAbout(notice.txid);
