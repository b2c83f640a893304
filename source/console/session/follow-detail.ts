import {messageOf} from '../../primitives/errors.ts';
import type {ApiClient} from '../deps.ts';
import type {Fetched, ScreenState, Target} from '../state.ts';
import type {Store} from '../store.ts';
import {withToast} from '../update/step.ts';
import type {Session} from './session.ts';

/** The transaction of a payout whose txid is known. */
const broadcastOf = async (client: ApiClient, coin: string, txid: string | undefined) =>
  txid === undefined ? undefined : client.broadcast(coin, txid);

const fetchDetail = async (client: ApiClient, target: Target): Promise<Fetched> => {
  const {kind, coin, id} = target;
  switch (kind) {
    case 'payout': {
      const [payout, history] = await Promise.all([client.payout(coin, id), client.payoutHistory(coin, id)]);
      const broadcast = await broadcastOf(client, coin, payout.txid);
      return {target, payout, history: history.items, ...(broadcast && {broadcast})};
    }
    case 'deposit': {
      const [deposit, history] = await Promise.all([client.deposit(coin, id), client.depositHistory(coin, id)]);
      return {target, deposit, history: history.items};
    }
    case 'broadcast':
      return {target, broadcast: await client.broadcast(coin, id)};
    case 'event':
      return {target, history: [await client.event(coin, Number(id))]};
    case 'backend':
    case 'job':
      // The status says all there is.
      return {target};
    default:
      return kind satisfies never;
  }
};

const isSame = (one: Target, other: Target | undefined): boolean =>
  one.kind === other?.kind && one.coin === other.coin && one.id === other.id;

const openTarget = ({view}: ScreenState): Target | undefined =>
  view.name === 'detail'
    ? view.target
    : 'under' in view && view.under.name === 'detail'
      ? view.under.target
      : undefined;

/** Asks for everything about the open detail, again with every status. Returns how to stop. */
export const followDetail = (store: Store<ScreenState>, session: Session): (() => void) => {
  let asked: {readonly status: unknown; readonly target: Target} | undefined;
  let isAsking = false;
  const ask = async (target: Target): Promise<void> => {
    isAsking = true;
    try {
      const fetched = await session.withClient(async client => fetchDetail(client, target));
      if (isSame(target, openTarget(store.get()))) store.update(state => ({...state, fetched}));
    } catch (error) {
      if (isSame(target, openTarget(store.get())))
        store.update(state => withToast(state, messageOf(error), 'bad', state.now));
    } finally {
      isAsking = false;
      // Another one may have been opened meanwhile.
      look();
    }
  };
  const look = (): void => {
    const state = store.get();
    const target = openTarget(state);
    if (!target || target.kind === 'backend' || target.kind === 'job') return;
    // Once per status and item.
    // A frozen view stays as it is: what was not asked before is asked once.
    const hasMovedOn = asked?.status !== state.status && !state.frozen;
    const isNew = hasMovedOn || !isSame(target, asked?.target);
    if (isAsking || !isNew || state.link.state !== 'live') return;
    asked = {status: state.status, target};
    void ask(target);
  };
  return store.subscribe(look);
};
