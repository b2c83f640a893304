import {type Abilities, isRefusal, type WalletRpc} from '../backends/bitcoind/index.ts';
import {formatAmount} from '../primitives/amount.ts';
import {EngineError} from '../primitives/errors.ts';
import type {Outpoint} from '../primitives/ids.ts';
import type {Log} from '../primitives/log.ts';
import type {SignAnswer, Signer, TransactionPlan} from '../payout/ports.ts';
import {SEQUENCE} from '../payout/verify.ts';

/**
 * Signs with the node's own wallet. The node fills in what a signature needs and signs; it chooses nothing. What comes
 * back is to be compared with the plan by the caller, before it is stored and before it is sent.
 */
export const createNodeSigner = (wallet: WalletRpc, log: Log): Signer => ({
  lock: outpoints => setLocks(wallet, log, false, outpoints),
  unlock: outpoints => setLocks(wallet, log, true, outpoints),
  sign: plan => sign(wallet, plan),
});

/**
 * lockunspent takes all or none: when one coin is refused, each is asked alone. A coin that cannot be locked is only
 * logged: the lock protects against hands, and our own books hold the coin already.
 */
const setLocks = async (
  wallet: WalletRpc,
  log: Log,
  unlock: boolean,
  outpoints: readonly Outpoint[],
): Promise<void> => {
  if (outpoints.length === 0) return;
  // Persistent where the node can, or its restart would forget it.
  const {persistentLocks} = await wallet.abilities.get();
  const paramsFor = (some: readonly Outpoint[]) => [
    unlock,
    some.map(({txid, vout}) => ({txid, vout})),
    ...(unlock || !persistentLocks ? [] : [true]),
  ];
  try {
    await wallet.call('lockunspent', paramsFor(outpoints));
    return;
  } catch (error) {
    if (!isRefusal(error, 'lock-unchanged', 'other')) throw error;
  }
  const calls = outpoints.map(outpoint => ({method: 'lockunspent', params: paramsFor([outpoint])}));
  const outcomes = await wallet.batch(calls);
  outcomes.forEach((outcome, index) => {
    if (!('refusal' in outcome) || outcome.refusal.kind === 'lock-unchanged') return;
    log.warn(
      {outpoint: outpoints[index], words: outcome.refusal.words},
      unlock ? 'coin not unlocked' : 'coin not locked',
    );
  });
};

const sign = async (wallet: WalletRpc, plan: TransactionPlan): Promise<SignAnswer> => {
  try {
    const abilities = await wallet.abilities.get();
    const signed = abilities.has('walletprocesspsbt') ? signPsbt(wallet, plan, abilities) : signRaw(wallet, plan);
    return await read(wallet, await signed);
  } catch (error) {
    return answerOf(error);
  }
};

const inputsOf = (plan: TransactionPlan) =>
  plan.inputs.map(({outpoint}) => ({txid: outpoint.txid, vout: outpoint.vout, sequence: SEQUENCE}));

/** No locktime: signing the same plan again gives the same bytes, whatever the height. */
const LOCKTIME = 0;

const signPsbt = async (wallet: WalletRpc, plan: TransactionPlan, {finalizes}: Abilities): Promise<unknown> => {
  const outputs = plan.outputs.map(({address, amount}) => ({[address]: formatAmount(amount)}));
  const unsigned = await wallet.call('createpsbt', [inputsOf(plan), outputs, LOCKTIME]);
  // Sign, every input with its type's default (all of the transaction), without key paths, and finalize.
  if (finalizes) return wallet.call('walletprocesspsbt', [unsigned, true, 'DEFAULT', false, true]);
  const processed = await wallet.call('walletprocesspsbt', [unsigned, true, 'ALL', false]);
  return wallet.call('finalizepsbt', [(processed as {psbt?: unknown} | null)?.psbt, true]);
};

/** Of daemons without PSBT (Dogecoin Core 1.14). The wallet knows the coins; nothing else is told. */
const signRaw = async (wallet: WalletRpc, plan: TransactionPlan): Promise<unknown> => {
  // One object in the order of the outputs: a batch holds no address twice.
  const outputs = Object.fromEntries(plan.outputs.map(({address, amount}) => [address, formatAmount(amount)]));
  const unsigned = await wallet.call('createrawtransaction', [inputsOf(plan), outputs, LOCKTIME]);
  return wallet.call('signrawtransaction', [unsigned]);
};

const read = async (wallet: WalletRpc, answer: unknown): Promise<SignAnswer> => {
  const {complete, hex} = (answer ?? {}) as {complete?: unknown; hex?: unknown};
  if (complete === true && typeof hex === 'string' && /^(?:[0-9a-f]{2})+$/.test(hex))
    return {kind: 'signed', raw: Buffer.from(hex, 'hex')};
  // A locked wallet of an older node only says that it is not complete.
  if (await isLocked(wallet)) return {kind: 'locked', words: 'the wallet is locked'};
  return {kind: 'refused', words: 'the wallet could not sign every input: it lacks a key, or does not know the coin'};
};

const isLocked = async (wallet: WalletRpc): Promise<boolean> => {
  const info = (await wallet.call('getwalletinfo')) as {unlocked_until?: unknown} | null;
  return info?.unlocked_until === 0;
};

const answerOf = (error: unknown): SignAnswer => {
  if (!(error instanceof EngineError)) throw error;
  const {code, message} = error;
  if (code === 'wallet_locked') return {kind: 'locked', words: message};
  if (code === 'wallet_missing') return {kind: 'wallet-missing', words: message};
  if (code === 'backend_auth') return {kind: 'unauthorized', words: message};
  if (isRefusal(error, 'other', 'rejected', 'not-found', 'unsupported')) return {kind: 'refused', words: error.words};
  return {kind: 'unavailable', words: message};
};
