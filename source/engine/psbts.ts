import type {Actor, Page, PsbtView, SubmitPsbtBody} from '../contract/index.ts';
import type {PsbtDesk, PsbtState} from '../payout/ports.ts';
import {EngineError} from '../primitives/errors.ts';
import type {PlannedBroadcast} from '../store/payout-store.ts';
import type {CoinEngine} from './coin-engine.ts';

/** Everything that waits for a signature, oldest first. Empty for a signer that is no person. */
export const listPsbts = async (engine: CoinEngine): Promise<Page<PsbtView>> => {
  const {psbts: desk} = await engine.backend();
  const items: PsbtView[] = [];
  if (desk === undefined) return {items, next: null};
  for (const {id, status} of await engine.store.openBroadcasts()) {
    const planned = status === 'reserved' ? await engine.store.plannedBroadcast(id) : undefined;
    if (planned?.status === 'reserved') items.push(await view(engine, planned, await desk.look(planned.plan, id)));
  }
  return {items, next: null};
};

export const showPsbt = async (engine: CoinEngine, id: string): Promise<PsbtView> => {
  const {desk, planned} = await waiting(engine, id);
  return view(engine, planned, await desk.look(planned.plan, id));
};

/** Takes signatures. What is complete is verified and sent by the broadcast loop, which looks at once. */
export const submitPsbt = async (
  engine: CoinEngine,
  id: string,
  {psbt}: SubmitPsbtBody,
  now: number,
  by: Actor,
): Promise<PsbtView> => {
  const store = await engine.writable();
  const {desk, planned} = await waiting(engine, id);
  const state = await desk.submit(planned.plan, id, Buffer.from(psbt, 'utf8'));
  const signed = state.inputs - state.missing.length;
  await store.recordAct(
    by,
    {action: 'psbt.submit', subject: id, details: {inputs: state.inputs, signed_inputs: signed}},
    now,
  );
  engine.loops?.signatureCame(id);
  return view(engine, planned, state);
};

/** Throws `not_found`, and `psbt_stale` for one that nothing waits for any more. */
const waiting = async (engine: CoinEngine, id: string): Promise<{desk: PsbtDesk; planned: PlannedBroadcast}> => {
  const {psbts: desk} = await engine.backend();
  const planned = /^\d{1,15}$/.test(id) ? await engine.store.plannedBroadcast(id) : undefined;
  if (desk !== undefined && planned?.status === 'reserved') return {desk, planned};
  // Throws `not_found` for what never was.
  const {status, reason} = await engine.store.broadcast(id);
  if (desk === undefined)
    throw new EngineError(
      'wrong_state',
      `nobody signs the transactions of ${engine.name} by hand: its signer is another`,
    );
  const why = reason === undefined ? '' : ` (${reason})`;
  throw new EngineError(
    'psbt_stale',
    status === 'abandoned'
      ? `broadcast ${id} was given up${why}: its payouts are in another one, cancelled or held`
      : `broadcast ${id} is ${status} already${why}`,
  );
};

const view = async ({store}: CoinEngine, {id, kind}: PlannedBroadcast, state: PsbtState): Promise<PsbtView> => {
  const {created_at, payout_ids, amount, fee, feerate} = await store.broadcast(id);
  return {
    id,
    kind,
    created_at,
    payout_ids,
    amount,
    fee,
    feerate,
    inputs: state.inputs,
    signed_inputs: state.inputs - state.missing.length,
    missing: state.missing.map(({input, outpoint, path}) => ({input, outpoint, ...(path !== undefined && {path})})),
    notes: [...state.faults],
    complete: state.isComplete,
    file: state.file,
    psbt: state.psbt.toString('base64'),
  };
};
