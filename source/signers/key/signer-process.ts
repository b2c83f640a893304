import {closeSync} from 'node:fs';
import {EngineError} from '../../primitives/errors.ts';
import type {AccountSecret} from './account.ts';
import {Allowance} from './allowance.ts';
import {Refusal} from './inspect-psbt.ts';
import {readKeyFile} from './key-file.ts';
import {
  PASSPHRASE_FD,
  readLines,
  type SignReply,
  type SignRequest,
  type StartAnswer,
  type StartMessage,
} from './protocol.ts';
import {readPassphrase} from './read-passphrase.ts';
import {signPsbt} from './sign-psbt.ts';
import {unlock} from './unlock.ts';

// The process that holds the key: started by the engine, talks to nobody else, ends with it. docs/keys.md says what it
// protects from what.

const FAULT = 70;

const lockDown = (): void => {
  process.title = 'cryptoassets-console signer';
  // A listener of its own keeps Node from opening its debugger at this signal.
  process.on('SIGUSR1', () => undefined);
  // Who ends the engine may signal its whole group; payouts under way are still signed. It ends with its pipe.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const end = (error: unknown) => {
    // Neither message nor stack: nobody knows what a library writes into them.
    process.stderr.write(`ended by ${nameOf(error)}\n`, () => process.exit(FAULT));
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
};

/** What kind of error, and the file and line where it was thrown. */
const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error;
  const place = /([\w.-]+\.[cm]?[jt]s:\d+)/.exec(error.stack ?? '')?.[1];
  return place === undefined ? error.name : `${error.name} at ${place}`;
};

const start = (message: StartMessage): AccountSecret => {
  const passphrase = takePassphrase();
  try {
    return unlock(readKeyFile(message.keyFile), passphrase, message);
  } finally {
    passphrase.fill(0);
  }
};

const takePassphrase = (): Buffer => {
  try {
    return readPassphrase(PASSPHRASE_FD);
  } finally {
    closeSync(PASSPHRASE_FD);
  }
};

class SignerProcess {
  #secret: AccountSecret | undefined;
  #maxRate = 0;
  #allowance: Allowance | undefined;

  take(line: string): void {
    const message = JSON.parse(line) as unknown;
    if (this.#secret === undefined) this.#start(message as StartMessage);
    else say(this.#sign(message as SignRequest));
  }

  #start(message: StartMessage): void {
    try {
      this.#secret = start(message);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      say({kind: 'failed', code: error.code, words: error.message}, () => process.exit(0));
      return;
    }
    const {maxRate, perTransaction, perDay} = message.limits;
    const limits = {maxRate, perTransaction: amountOf(perTransaction), perDay: amountOf(perDay)};
    this.#maxRate = maxRate;
    this.#allowance = new Allowance(limits, () => performance.now());
    say({kind: 'ready'});
  }

  #sign({psbt}: SignRequest): SignReply {
    try {
      const raw = signPsbt(Buffer.from(psbt, 'base64'), this.#secret!, this.#maxRate, this.#allowance!);
      return {kind: 'signed', raw: Buffer.from(raw).toString('hex')};
    } catch (error) {
      if (error instanceof Refusal) return {kind: 'refused', words: error.message};
      // A fault of the program's own. The process goes on: the same plan would only end it again.
      return {kind: 'refused', words: `the signer could not: ${nameOf(error)}`};
    }
  }

  end(): void {
    this.#secret?.wipe();
    process.exit(0);
  }
}

const amountOf = (text: string | undefined): bigint | undefined => (text === undefined ? undefined : BigInt(text));

const say = (answer: StartAnswer | SignReply, then?: () => void): void => {
  process.stdout.write(`${JSON.stringify(answer)}\n`, then);
};

lockDown();
const signer = new SignerProcess();
readLines(
  process.stdin,
  line => signer.take(line),
  () => process.exit(FAULT),
);
for (const over of ['end', 'close', 'error']) process.stdin.on(over, () => signer.end());
process.stdout.on('error', () => signer.end());
