import {accountCreate, accountFreeze, accountList, accountShow, accountUnfreeze} from './account.ts';
import {addressList, addressNew} from './address.ts';
import {audit} from './audit.ts';
import {backup, restore} from './backup.ts';
import {books} from './books.ts';
import {adjust, payoutsPause, payoutsResume} from './books-control.ts';
import {broadcastBump, broadcastShow} from './broadcast.ts';
import {broadcasts} from './broadcasts.ts';
import {check} from './check.ts';
import {createCompletion} from './completion.ts';
import {consoleVerb} from './console.ts';
import {demo} from './demo.ts';
import {deposits} from './deposits.ts';
import {events} from './events.ts';
import {fees} from './fees.ts';
import {health} from './health.ts';
import {importBalance} from './import-balance.ts';
import {init} from './init.ts';
import {move, transfers} from './move.ts';
import {notify} from './notify.ts';
import {payoutApprove, payoutCancel, payoutRelease, payoutRepay, payoutShow} from './payout.ts';
import {keyCreate, keyImport, keyPassphrase, keyShow} from './key.ts';
import {jobs} from './jobs.ts';
import {payouts} from './payouts.ts';
import {psbtList, psbtShow, psbtSubmit} from './psbt.ts';
import {rescan} from './rescan.ts';
import {send} from './send.ts';
import {deliveries, deliveryRetry, sinkList, sinkPause, sinkReplay, sinkResume} from './sinks.ts';
import {status} from './status.ts';
import {transactions} from './transactions.ts';
import type {Verb} from './verb.ts';

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  consoleVerb,
  demo,
  init,
  check,
  status,
  health,
  rescan,
  backup,
  restore,
  accountCreate,
  accountList,
  accountShow,
  accountFreeze,
  accountUnfreeze,
  addressNew,
  addressList,
  send,
  move,
  deposits,
  payouts,
  transfers,
  transactions,
  books,
  adjust,
  importBalance,
  payoutShow,
  payoutCancel,
  payoutRelease,
  payoutApprove,
  payoutRepay,
  payoutsPause,
  payoutsResume,
  broadcastShow,
  broadcastBump,
  broadcasts,
  psbtList,
  psbtShow,
  psbtSubmit,
  fees,
  jobs,
  events,
  deliveries,
  deliveryRetry,
  sinkList,
  sinkPause,
  sinkResume,
  sinkReplay,
  keyCreate,
  keyImport,
  keyShow,
  keyPassphrase,
  notify,
  audit,
  createCompletion(() => verbs),
];
