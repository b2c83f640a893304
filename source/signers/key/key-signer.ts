import {statSync} from 'node:fs';
import type {Network} from '../../coins/index.ts';
import type {PassphraseSource} from '../../config/config.ts';
import type {SignAnswer, Signer, SignerState, TransactionPlan} from '../../payout/ports.ts';
import type {Clock} from '../../primitives/clock.ts';
import {EngineError, messageOf} from '../../primitives/errors.ts';
import type {Log} from '../../primitives/log.ts';
import type {SignerBranches} from './account.ts';
import type {SigningLimits} from './allowance.ts';
import {readKeyFile} from './key-file.ts';
import {openPassphrase, pathOf} from './passphrase-source.ts';
import type {StartMessage} from './protocol.ts';
import {SignerChild, SignerDied} from './signer-child.ts';
import {requireSameKey} from './unlock.ts';

export interface KeySignerOptions {
  readonly coin: string;
  readonly network: Network;
  /** Absolute path of the key file. */
  readonly file: string;
  readonly passphrase: PassphraseSource;
  /** Of the wallet's descriptor. */
  readonly branches: SignerBranches;
  readonly limits: SigningLimits;
  /** The plan as a PSBT that says which keys its inputs and its change have. */
  readonly toPsbt: (plan: TransactionPlan) => Promise<Uint8Array>;
  readonly clock: Clock;
  readonly log: Log;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A signer that has a process to end. */
export interface KeySigner extends Signer {
  prepare(): Promise<SignerState>;
  close(): Promise<void>;
}

/** ms before the next start after so many processes that ended by themselves. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;

/** ms that a payout waits for the key to be unlocked: a loop that waits for longer would be called stalled. */
const START_PATIENCE = 20_000;

type Unsigned = Exclude<SignAnswer, {kind: 'signed' | 'waiting'}>;

type State =
  | {readonly kind: 'idle'}
  | {readonly kind: 'starting'; readonly started: Promise<SignerChild | Unsigned>}
  | {readonly kind: 'ready'; readonly child: SignerChild}
  /** Of no use until a file changes: another try would cost a second of CPU and end the same. */
  | {readonly kind: 'stuck'; readonly answer: Unsigned; readonly stamp: string}
  | {readonly kind: 'closed'};

/** Signs with a key of the engine's own, which only a process beside it ever holds. Coins need no locking: nobody else spends them. */
export const createKeySigner = (options: KeySignerOptions): KeySigner => new HotKeySigner(options);

class HotKeySigner implements KeySigner {
  readonly #options: KeySignerOptions;
  #state: State = {kind: 'idle'};
  #starting: SignerChild | undefined;
  #child: SignerChild | undefined;
  #deaths = 0;
  #notBefore = 0;

  constructor(options: KeySignerOptions) {
    this.#options = options;
  }

  async lock(): Promise<void> {
    // The wallet is this ledger's alone: no hand spends its coins.
  }

  async unlock(): Promise<void> {
    // See lock.
  }

  async sign(plan: TransactionPlan): Promise<SignAnswer> {
    const child = await this.#running();
    if (!(child instanceof SignerChild)) return child;
    try {
      const psbt = Buffer.from(await this.#options.toPsbt(plan)).toString('base64');
      const reply = await child.sign({psbt});
      this.#deaths = 0;
      if (reply.kind === 'refused') return {kind: 'refused', words: `the key's signer refuses: ${reply.words}`};
      return {kind: 'signed', raw: Buffer.from(reply.raw, 'hex')};
    } catch (error) {
      if (error instanceof SignerDied) {
        if (this.#state.kind === 'ready' && this.#state.child === child) this.#state = {kind: 'idle'};
        return {kind: 'unavailable', words: error.message};
      }
      // The plan cannot be said as a PSBT: no signature comes of it, now or later.
      if (error instanceof EngineError) return {kind: 'refused', words: error.message};
      throw error;
    }
  }

  async prepare(): Promise<SignerState> {
    const child = await this.#running();
    if (!(child instanceof SignerChild)) return child;
    const {file, branches} = this.#options;
    return {
      kind: 'ready',
      words: `the key ${branches.receive.fingerprint} of ${file} is unlocked, in process ${child.pid}`,
    };
  }

  async close(): Promise<void> {
    this.#state = {kind: 'closed'};
    // One that still waits for its passphrase hears nothing else.
    this.#starting?.kill();
    this.#child?.end();
  }

  async #running(): Promise<SignerChild | Unsigned> {
    const state = this.#state;
    switch (state.kind) {
      case 'ready':
        return state.child;
      case 'starting':
        return within(START_PATIENCE, state.started);
      case 'closed':
        return {kind: 'unavailable', words: 'the signer is closed'};
      case 'stuck':
        return state.stamp === this.#stamp() ? state.answer : this.#begin();
      case 'idle':
        return this.#options.clock.monotonic() < this.#notBefore
          ? {kind: 'unavailable', words: 'the signer process ended and is started again soon'}
          : this.#begin();
      default:
        return state satisfies never;
    }
  }

  async #begin(): Promise<SignerChild | Unsigned> {
    const stamp = this.#stamp();
    const started = this.#start();
    this.#state = {kind: 'starting', started};
    // Whoever asked may stop waiting; the start goes on.
    return within(
      START_PATIENCE,
      started.then(
        outcome => this.#begun(outcome, stamp),
        (error: unknown) => {
          // Nobody waits for it any more: the next one who asks begins anew.
          if (this.#state.kind === 'starting') this.#state = {kind: 'idle'};
          throw error;
        },
      ),
    );
  }

  #begun(outcome: SignerChild | Unsigned, stamp: string): SignerChild | Unsigned {
    if (this.#state.kind === 'closed') return {kind: 'unavailable', words: 'the signer is closed'};
    if (outcome instanceof SignerChild) this.#state = {kind: 'ready', child: (this.#child = outcome)};
    else if (outcome.kind === 'unavailable') this.#state = {kind: 'idle'};
    else this.#state = {kind: 'stuck', answer: outcome, stamp};
    return outcome;
  }

  async #start(): Promise<SignerChild | Unsigned> {
    const {coin, network, file, passphrase, branches, environment = process.env} = this.#options;
    let child: SignerChild | undefined;
    try {
      // What needs no passphrase first: it is said at once, and a pipe is not used up for nothing.
      requireSameKey(readKeyFile(file), {coin, network, branches});
      const opened = openPassphrase(passphrase, environment);
      try {
        const process = new SignerChild(opened.fd, words => this.#died(process, words));
        child = process;
        this.#starting = process;
      } finally {
        opened.close();
      }
      const answer = await child.start(this.#message());
      if (answer.kind === 'ready') return child;
      return unsignedOf(answer.code, answer.words, this.#options);
    } catch (error) {
      if (error instanceof SignerDied) return {kind: 'unavailable', words: error.message};
      if (error instanceof EngineError) return unsignedOf(error.code, error.message, this.#options);
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  #message(): StartMessage {
    const {coin, network, file, branches, limits} = this.#options;
    const {name, bip32} = network;
    return {
      coin,
      network: {name, bip32},
      keyFile: file,
      branches,
      limits: {
        maxRate: limits.maxRate,
        perTransaction: limits.perTransaction?.toString(),
        perDay: limits.perDay?.toString(),
      },
    };
  }

  #died(child: SignerChild, words: string): void {
    const {log, coin, clock} = this.#options;
    // One that could not start has said why; it ends by itself.
    if (this.#state.kind === 'closed' || this.#state.kind === 'stuck') return;
    if (this.#state.kind === 'ready' && this.#state.child !== child) return;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#deaths);
    this.#deaths += 1;
    this.#notBefore = clock.monotonic() + pause;
    log.error({coin, words, again_in_ms: pause}, 'the signer process ended');
    if (this.#state.kind === 'ready') this.#state = {kind: 'idle'};
  }

  /** Changes when somebody puts right what is wrong with a file. */
  #stamp(): string {
    const {file, passphrase, environment = process.env} = this.#options;
    return [file, pathOf(passphrase, environment)]
      .map(path => {
        return path === undefined ? '-' : stampOf(path);
      })
      .join(' ');
  }
}

const within = async (patience: number, started: Promise<SignerChild | Unsigned>): Promise<SignerChild | Unsigned> => {
  const {promise: late, resolve} = Promise.withResolvers<Unsigned>();
  const words = 'the key is still being unlocked: nobody has written its passphrase yet, or the machine is very busy';
  const timer = setTimeout(() => resolve({kind: 'unavailable', words}), patience);
  try {
    return await Promise.race([started, late]);
  } finally {
    clearTimeout(timer);
  }
};

const stampOf = (path: string): string => {
  try {
    const stats = statSync(path, {throwIfNoEntry: false});
    return stats === undefined ? '-' : `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
  } catch (error) {
    // A folder that may not be searched: who reads the file says so in words.
    return messageOf(error);
  }
};

/** What keeps the key from signing, and what to do about it. */
const unsignedOf = (code: string, words: string, {coin, passphrase}: KeySignerOptions): Unsigned => {
  switch (code) {
    case 'wrong_passphrase':
      return {kind: 'locked', words: `${words}. ${howToUnlock(passphrase)}`};
    case 'no_passphrase':
    case 'bad_mode':
    case 'unreadable_file':
      return {kind: 'locked', words};
    case 'missing_file':
      return {kind: 'locked', words: `${words}. ${howToUnlock(passphrase)}`};
    case 'missing_key':
      return {
        kind: 'wallet-missing',
        words: `${words}: make it with \`key create ${coin}\`, or \`key import ${coin}\``,
      };
    default:
      return {kind: 'wallet-missing', words};
  }
};

const howToUnlock = (source: PassphraseSource): string => {
  switch (source.kind) {
    case 'fd':
      return `Start the engine again with the right one on descriptor ${source.fd}`;
    case 'file':
      return `Put the right one into ${source.path}: it is tried again when that file changes`;
    case 'credential':
      return `Set the credential ${source.name} and start the service again`;
    default:
      return source satisfies never;
  }
};
