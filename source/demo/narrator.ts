import {appendFileSync} from 'node:fs';
import type {Deposit, Event, Payout} from '../contract/index.ts';

/** Who does what in the demo: the outside world, the node, the engine, or the application that hears of it. */
export type Actor = 'demo' | 'customer' | 'node' | 'app' | 'engine' | 'webhook';

export interface Narrator {
  /** One thing that happened; `fields` go into the JSON line beside the words. */
  say(actor: Actor, words: string, fields?: Record<string, unknown>): void;
}

const human = (actor: Actor, words: string): string =>
  `${new Date().toTimeString().slice(0, 8)}  ${actor.padEnd(9)} ${words}\n`;

/** Lines for people, or JSON lines, to stdout. */
export const printingNarrator = (json: boolean): Narrator => ({
  say: (actor, words, fields) => {
    const line = json
      ? `${JSON.stringify({at: new Date().toISOString(), actor, words, ...fields})}\n`
      : human(actor, words);
    process.stdout.write(line);
  },
});

/** The same lines into a file, while the console has the screen. */
export const loggingNarrator = (path: string): Narrator => ({
  say: (actor, words) => {
    appendFileSync(path, human(actor, words));
  },
});

/** Tells one narrator, and from `redirect` on another. */
export class Teller implements Narrator {
  #to: Narrator;

  constructor(to: Narrator) {
    this.#to = to;
  }

  redirect(to: Narrator): void {
    this.#to = to;
  }

  say(actor: Actor, words: string, fields?: Record<string, unknown>): void {
    this.#to.say(actor, words, fields);
  }
}

const DEPOSIT_WORDS: Readonly<Record<string, (deposit: Deposit) => string>> = {
  'deposit.detected': () => 'seen',
  'deposit.confirmations': deposit => `${deposit.confirmations} confirmations`,
  'deposit.credited': () => 'credited: can be spent',
  'deposit.settled': () => 'settled: no longer watched',
  'deposit.dropped': deposit => `dropped (${deposit.reason ?? 'gone'})`,
};
const PAYOUT_WORDS: Readonly<Record<string, (payout: Payout) => string>> = {
  'payout.queued': () => 'queued',
  'payout.sent': payout => `sent in ${(payout.txid ?? '').slice(0, 8)}…`,
  'payout.confirmations': payout => `${payout.confirmations} confirmations`,
  'payout.confirmed': () => 'in a block',
  'payout.unconfirmed': () => 'its block went away: back in the mempool',
  'payout.settled': () => 'settled: no longer watched',
  'payout.held': payout => `held (${payout.reason ?? ''})`,
};

/** One event as the application heard it, in words. */
export const eventWords = (event: Event): string => {
  const head = `#${event.sequence} ${event.type}`.padEnd(28);
  const [noun] = event.type.split('.');
  const unit = event.coin.toUpperCase();
  if (noun === 'deposit') {
    const deposit = event.data as Deposit;
    return `${head} +${deposit.amount} ${unit} for ${deposit.account}: ${DEPOSIT_WORDS[event.type]?.(deposit) ?? event.type}`;
  }
  if (noun === 'payout') {
    const payout = event.data as Payout;
    return `${head} -${payout.amount} ${unit} of ${payout.account}: ${PAYOUT_WORDS[event.type]?.(payout) ?? event.type}`;
  }
  return head.trimEnd();
};
