import type {Clock} from '../../primitives/clock.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {Log} from '../../primitives/log.ts';
import type {PsbtDesk, PsbtState, SignAnswer, Signer, SignerState, TransactionPlan} from '../../payout/ports.ts';
import {collectSignatures, type Collected} from './collect-signatures.ts';
import {PsbtFolder, SETTLED, type FoundFile} from './psbt-folder.ts';
import {outlineDifference, outlineOf, readSubmission, type Submission} from './read-submission.ts';

export interface PsbtSignerOptions {
  readonly coin: string;
  /** Absolute path. */
  readonly folder: string;
  readonly toPsbt: (plan: TransactionPlan) => Promise<Buffer>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** A signer whose keys are elsewhere: the unsigned transaction waits in a folder and at a desk until it comes back signed. */
export const createPsbtSigner = (options: PsbtSignerOptions): Signer & PsbtDesk => new PsbtSigner(options);

const words = (error: unknown): string => {
  if (!(error instanceof EngineError)) throw error;
  return error.message;
};

class PsbtSigner implements Signer, PsbtDesk {
  readonly isPatient = true;
  readonly #options: PsbtSignerOptions;
  readonly #folder: PsbtFolder;
  /** What waits, by id: the transaction that each plan stands for. */
  readonly #outlines = new Map<string, string>();
  readonly #used = new Set<string>();
  readonly #warned = new Set<string>();

  constructor(options: PsbtSignerOptions) {
    this.#options = options;
    this.#folder = new PsbtFolder(options.folder, options.coin, options.clock);
  }

  async lock(): Promise<void> {
    // Nobody else spends from this wallet: its keys are wherever its owner has them.
  }

  async unlock(): Promise<void> {
    // See lock.
  }

  async sign(plan: TransactionPlan, id?: string): Promise<SignAnswer> {
    if (id === undefined) return {kind: 'refused', words: 'only what is stored can wait for a signature'};
    try {
      const {collected} = await this.#collect(plan, id);
      if (collected.raw === undefined)
        return {kind: 'waiting', words: waitingWords(this.#folder.fileOf(id), collected)};
      return {kind: 'signed', raw: collected.raw};
    } catch (error) {
      return {kind: 'unavailable', words: words(error)};
    }
  }

  async prepare(): Promise<SignerState> {
    try {
      await this.#folder.probe();
      return {kind: 'ready', words: `a person signs; transactions wait in ${this.#options.folder}`};
    } catch (error) {
      return {kind: 'unavailable', words: words(error)};
    }
  }

  async look(plan: TransactionPlan, id: string): Promise<PsbtState> {
    const {collected} = await this.#collect(plan, id);
    return this.#state(plan, id, collected);
  }

  async submit(plan: TransactionPlan, id: string, given: Buffer): Promise<PsbtState> {
    const submission = readSubmission(given);
    if (submission === undefined)
      throw new EngineError('bad_psbt', 'expected a PSBT (BIP174) or a raw transaction, in base64 or hex', {
        field: 'psbt',
      });
    const unsigned = await this.#options.toPsbt(plan);
    const planned = outlineOfPsbt(unsigned);
    const outline = outlineOf(submission);
    if (outline !== planned)
      throw new EngineError('psbt_differs', `refused: ${outlineDifference(planned, outline)}`, {field: 'psbt'});
    const alone = collectSignatures(unsigned, [submission]);
    if (alone.faults.length > 0) throw new EngineError('bad_psbt', alone.faults.join('; '), {field: 'psbt'});
    if (alone.missing.length === alone.inputs)
      throw new EngineError('bad_psbt', 'it holds no signature', {field: 'psbt'});
    await this.#folder.putSigned(id, given);
    return this.look(plan, id);
  }

  async retain(open: readonly {readonly id: string; readonly isSigned: boolean}[]): Promise<void> {
    const waiting = new Set(open.filter(({isSigned}) => !isSigned).map(({id}) => id));
    const signed = new Set(open.filter(({isSigned}) => isSigned).map(({id}) => id));
    for (const id of await this.#folder.waiting()) if (!waiting.has(id)) await this.#folder.removeUnsigned(id);
    for (const [id, outline] of this.#outlines) {
      if (waiting.has(id)) continue;
      if (signed.has(id)) this.#used.add(outline);
      this.#outlines.delete(id);
    }
    // One that could not be looked at would make its file a stranger's.
    if ([...waiting].some(id => !this.#outlines.has(id))) return;
    for (const file of await this.#folder.read()) await this.#judge(file);
  }

  /** The unsigned transaction, put where it belongs, and every signature that is there for it. */
  async #collect(plan: TransactionPlan, id: string): Promise<{unsigned: Buffer; collected: Collected}> {
    const unsigned = await this.#options.toPsbt(plan);
    const outline = outlineOfPsbt(unsigned);
    this.#outlines.set(id, outline);
    await this.#folder.putUnsigned(id, unsigned);
    const fitting = (await this.#folder.read()).flatMap(({bytes}): Submission[] => {
      const submission = readSubmission(bytes);
      return submission !== undefined && outlineOf(submission) === outline ? [submission] : [];
    });
    return {unsigned, collected: collectSignatures(unsigned, fitting)};
  }

  #state(plan: TransactionPlan, id: string, {psbt, inputs, missing, faults, raw}: Collected): PsbtState {
    return {
      psbt: Buffer.from(psbt.toBuffer()),
      file: this.#folder.fileOf(id),
      inputs,
      missing: missing.map(index => {
        const {txid, vout} = plan.inputs[index]!.outpoint;
        const [key] = psbt.data.inputs[index]!.bip32Derivation ?? psbt.data.inputs[index]!.tapBip32Derivation ?? [];
        return {input: index, outpoint: `${txid}:${vout}`, path: key?.path};
      }),
      faults,
      isComplete: raw !== undefined,
    };
  }

  /** A file that belongs to nothing that waits is set aside, when it is ours by its name, and nothing is deleted. */
  async #judge({name, bytes, age}: FoundFile): Promise<void> {
    const submission = readSubmission(bytes);
    const outline = submission && outlineOf(submission);
    if (outline !== undefined && [...this.#outlines.values()].includes(outline)) return;
    if (outline !== undefined && this.#used.has(outline)) return this.#folder.setAside(name, 'used', '');
    if (submission === undefined && age < SETTLED) return;
    const reason =
      submission === undefined
        ? 'it is no PSBT (version 0) and no transaction, in binary, base64 or hex'
        : 'no plan waits for it any more: the plan was given up or is signed already, or it is not the planned transaction';
    if (this.#folder.isOurs(name)) {
      await this.#folder.setAside(name, 'refused', reason);
      this.#options.log.warn({coin: this.#options.coin, file: name}, `refused: ${reason}`);
    } else if (!this.#warned.has(name)) {
      this.#warned.add(name);
      this.#options.log.warn({coin: this.#options.coin, file: name}, `left alone: ${reason}`);
    }
  }
}

const outlineOfPsbt = (psbt: Buffer): string => outlineOf(readSubmission(psbt)!);

const waitingWords = (file: string, {inputs, missing, faults}: Collected): string => {
  const found = inputs - missing.length;
  const state = found === 0 ? '' : `, ${found} of ${inputs} inputs signed`;
  const fault = faults.length === 0 ? '' : `; not used: ${faults.join('; ')}`;
  return `a PSBT waits for a signature: ${file}${state}${fault}`;
};
