// A process that holds a ledger's lease and renews it, as an engine does: `node lease-holder.ts <ledger file>`. Prints
// `held`, `renewed` after each renewal, and `fenced` when somebody else took it.
import {createLeaseLoop, takeLease} from '../../source/engine/lease.ts';
import type {Loop} from '../../source/loops/loop.ts';
import {runLoop} from '../../source/loops/run-loop.ts';
import {systemClock} from '../../source/primitives/clock.ts';
import {silentLog} from '../../source/primitives/log.ts';
import {openStore} from '../../source/store/open-store.ts';

const store = await openStore({type: 'sqlite', path: process.argv[2]!, coin: 'btc'});
const {signal} = new AbortController();
await takeLease(store, 'btc', {clock: systemClock, log: silentLog, signal});
process.stdout.write('held\n');
const loop = createLeaseLoop(store, 'btc', systemClock);
const round: Loop['round'] = async context => {
  const result = await loop.round(context);
  process.stdout.write('renewed\n');
  return result;
};
runLoop(
  {...loop, round},
  {
    clock: systemClock,
    log: silentLog,
    signal,
    onFatal: error => {
      process.stdout.write(`${error.code}\n`);
      process.exit(2);
    },
  },
);
