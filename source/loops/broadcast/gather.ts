import type {HoldReason} from '../../contract/index.ts';
import {decideBatch, holdAll, type BatchRules} from '../../payout/decide-batch.ts';
import {askFeeRate} from '../../payout/fee-policy.ts';
import {MAX_OUTPUTS} from '../../payout/select-coins.ts';
import type {Hold} from '../../payout/state.ts';
import {EngineError} from '../../primitives/errors.ts';
import type {PlannedBroadcast} from '../../store/payout-store.ts';
import {giveUpBump} from './bump.ts';
import {changeAddress} from './change-address.ts';
import {findRefused} from './find-refused.ts';
import {passStep, type BroadcastParts} from './parts.ts';
import {sendBroadcast, type SendOutcome} from './send.ts';
import {noteUnsigned, setLocks, signBroadcast} from './sign.ts';

/** `nothing`: no payout was due or affordable. `progress`: something was sent or held; more may be due. */
export type GatherOutcome =
  | {readonly kind: 'nothing' | 'progress'}
  /** `waiting`: a person has to sign it, which keeps nothing else from going out. */
  | {readonly kind: 'waiting'; readonly id: string}
  | {readonly kind: 'again'; readonly id: string; readonly words: string; readonly away?: boolean};

/** Errors of the node that hold payouts until they are over; every other one is the supervisor's. */
const HOLDING: Readonly<Record<string, HoldReason>> = {
  wallet_locked: 'wallet_locked',
  wallet_missing: 'wallet_missing',
  wallet_mismatch: 'wallet_missing',
  backend_auth: 'node_auth',
};

/** Turns due payouts into sent transactions, one at a time. Remembers between batches what the node did not like. */
export class Gatherer {
  readonly #parts: BroadcastParts;
  /** Outputs of the next batch: halved when the node refuses a batch of which it takes every part. */
  #limit = MAX_OUTPUTS;
  #anchoredOnly = false;

  constructor(parts: BroadcastParts) {
    this.#parts = parts;
  }

  get batchSize(): number {
    return this.#limit - 1;
  }

  /** A new period: what the node did not like then, it may like now. */
  forget(): void {
    this.#limit = MAX_OUTPUTS;
    this.#anchoredOnly = false;
  }

  /** One batch from the queue to the network. */
  async gather(which: 'due' | 'refused', progress: () => void): Promise<GatherOutcome> {
    const {store, clock} = this.#parts;
    await passStep(this.#parts, 'gather');
    const rules = await this.#rules();
    if ('reason' in rules) return this.hold(rules, which === 'due' ? 'queued' : 'refused');
    const reserved = await store.reserveBatch(this.#limit, offer => decideBatch(offer, rules), clock.now(), which);
    if (!reserved) return {kind: 'nothing'};
    await passStep(this.#parts, 'reserved');
    return this.carryOn(reserved, rules, progress);
  }

  /** Signs a reserved broadcast and sends it; also one that a crash left reserved. */
  async carryOn(reserved: PlannedBroadcast, known?: BatchRules, progress = () => {}): Promise<GatherOutcome> {
    const isPatient = this.#parts.signer.isPatient === true;
    if (reserved.kind !== 'payouts' && !isPatient) {
      // A crash cut a bump short before anything was signed: whoever asked for it asks again.
      await giveUpBump(this.#parts, reserved);
      return {kind: 'progress'};
    }
    const outcome = await signBroadcast(this.#parts, reserved);
    switch (outcome.kind) {
      case 'stored': {
        const sent = await sendBroadcast(this.#parts, outcome.broadcast);
        this.#limit = MAX_OUTPUTS;
        return toGatherOutcome(reserved.id, sent);
      }
      case 'abandoned':
        return {kind: 'progress'};
      case 'waiting':
        await noteUnsigned(this.#parts, reserved, outcome.words);
        return {kind: 'waiting', id: reserved.id};
      case 'again':
        return {...outcome, id: reserved.id, away: true};
      case 'coins-gone':
        return this.#coinsGone(reserved, outcome.words);
      case 'refused':
        return this.#refused(reserved, known, outcome.words, progress);
      default:
        return outcome satisfies never;
    }
  }

  /** Holds what is queued, all of it, page by page. */
  async hold(hold: Hold, which: 'queued' | 'refused' = 'queued'): Promise<GatherOutcome> {
    const {store, clock} = this.#parts;
    let found = 0;
    await store.reserveBatch(
      MAX_OUTPUTS,
      offer => {
        found = offer.due.length;
        return holdAll(offer, hold.reason, hold.words);
      },
      clock.now(),
      which,
    );
    return {kind: found > 0 && which === 'queued' ? 'progress' : 'nothing'};
  }

  async #rules(): Promise<BatchRules | Hold> {
    const {coin, fees, policy, inputSize} = this.#parts;
    try {
      const [choice, change] = await Promise.all([askFeeRate(fees, policy.fee), changeAddress(this.#parts)]);
      if (choice.kind === 'above-cap') return {reason: 'fee_above_cap', words: choice.words};
      const {minRate, maxRate, consolidateBelow} = policy.fee;
      return {
        rate: choice.rate,
        minRate,
        maxRate,
        consolidateBelow,
        change,
        dustLimit: script => coin.dustLimit(script),
        maxOutputs: this.#limit,
        unit: coin.unit,
        depositMaturity: coin.depositMaturity,
        anchoredOnly: this.#anchoredOnly,
        inputSize,
      };
    } catch (error) {
      const reason = error instanceof EngineError ? HOLDING[error.code] : undefined;
      if (reason === undefined) throw error;
      return {reason, words: (error as EngineError).message};
    }
  }

  async #coinsGone(reserved: PlannedBroadcast, words: string): Promise<GatherOutcome> {
    if (await this.#retryAnchored(reserved)) return {kind: 'progress'};
    await this.#abandon(reserved, {reason: 'coins_short', words: `the node does not find the chosen coins: ${words}`});
    return {kind: 'progress'};
  }

  /** The chain of unconfirmed transactions may be what is refused: once more without. */
  async #retryAnchored(reserved: PlannedBroadcast): Promise<boolean> {
    const hasUnconfirmed = reserved.plan.inputs.some(
      input => 'unconfirmed' in input && input.unconfirmed !== undefined,
    );
    if (!hasUnconfirmed || this.#anchoredOnly) return false;
    this.#anchoredOnly = true;
    await this.#abandon(reserved, undefined);
    return true;
  }

  async #refused(
    reserved: PlannedBroadcast,
    known: BatchRules | undefined,
    words: string,
    progress: () => void,
  ): Promise<GatherOutcome> {
    if (await this.#retryAnchored(reserved)) return {kind: 'progress'};
    const rules = known ?? (await this.#rules());
    if ('reason' in rules) {
      await this.#abandon(reserved, rules);
      return {kind: 'progress'};
    }
    const refused = await findRefused(this.#parts, reserved, rules, words, progress);
    if (refused.kind === 'again') return {...refused, id: reserved.id};
    if (refused.ids.size === 0) this.#limit = Math.max(2, Math.ceil(reserved.payoutIds.length / 2) + 1);
    await this.#abandon(reserved, {reason: 'refused_by_node', words: refused.words}, refused.ids);
    return {kind: 'progress'};
  }

  async #abandon(reserved: PlannedBroadcast, hold: Hold | undefined, heldIds?: ReadonlySet<string>): Promise<void> {
    await this.#parts.store.abandonBroadcast(reserved.id, hold, this.#parts.clock.now(), heldIds);
    await setLocks(this.#parts, reserved, 'unlock');
  }
}

const toGatherOutcome = (id: string, sent: SendOutcome): GatherOutcome =>
  sent.kind === 'again' ? {...sent, id} : {kind: 'progress'};
