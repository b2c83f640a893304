import {blockHash, txid} from '../contract/index.ts';
import {coinOf} from './shell/checks.ts';
import {UsageError} from './shell/usage-error.ts';
import type {Verb} from './verb.ts';

const BLOCK = 'block=';

export const notify: Verb = {
  name: 'notify',
  summary: 'tell the running engine that there is news of a transaction',
  parameters: ['<coin>', '<txid>'],
  flags: [],
  examples: [
    'notify btc %s --config /etc/cryptoassets/config.yaml',
    'notify btc block=%s --config /etc/cryptoassets/config.yaml',
  ],
  notes: [
    "For walletnotify= and blocknotify= in the node's configuration; nothing it says is believed. Without a running",
    'engine it does nothing: the next one finds everything by itself.',
  ].join('\n'),
  async run(context) {
    const [coin = '', what = ''] = context.values;
    const isBlock = what.startsWith(BLOCK);
    const hash = isBlock ? what.slice(BLOCK.length) : what;
    if (!(isBlock ? blockHash : txid).safeParse(hash).success)
      throw new UsageError(`${JSON.stringify(what)}: expected a txid of 64 hex digits, or ${BLOCK}<hash>`);
    const known = coinOf(context.config(), coin);
    return context.withApplication(async ({application, via}) => {
      await application.notify(known, isBlock ? {block: hash} : {txid: hash});
      const heard = via === 'engine';
      context.output.result({coin: known, heard}, () =>
        heard ? 'the engine looks' : 'no engine runs; the next one finds it by itself',
      );
      return 0;
    });
  },
};
