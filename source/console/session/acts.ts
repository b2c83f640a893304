import {LOCAL} from '../../contract/index.ts';
import type {Application} from '../../engine/application.ts';
import {commandLine, type Act} from '../acts/act.ts';
import type {KnownAddresses} from '../acts/look-alike.ts';
import type {ApiClient} from '../deps.ts';

/** What is asked is written into the audit log as the console's, with the command line that would do the same. */
export const actingAs = (client: ApiClient, command?: string): Application =>
  client.as({...LOCAL, client: 'console', command});

/** Does it over the API, which refuses what must not be and records who did it. Resolves with what became of it. */
export const performAct = async (socket: ApiClient, act: Act): Promise<string> => {
  const client = actingAs(socket, commandLine(act));
  switch (act.kind) {
    case 'cancel-payout': {
      const {id, status} = await client.cancelPayout(act.coin, act.id);
      return `payout ${id} is ${status}`;
    }
    case 'release-payout': {
      const {id, status} = await client.releasePayout(act.coin, act.id);
      return `payout ${id} is released, now ${status}`;
    }
    case 'approve-payout': {
      const {id, status} = await client.approvePayout(act.coin, act.id);
      return `payout ${id} is approved, now ${status}`;
    }
    case 'repay-payout': {
      const {id, status} = await client.repayPayout(act.coin, act.id);
      return `payout ${id} is paid once more, now ${status}`;
    }
    case 'bump': {
      const broadcast = await client.bumpBroadcast(
        act.coin,
        act.txid,
        act.rate === undefined ? {} : {fee_rate: act.rate},
      );
      return `bumped to ${broadcast.feerate} sat/vB by ${broadcast.txid ?? `broadcast ${broadcast.id}`}`;
    }
    case 'pause-payouts':
      await client.pausePayouts(act.coin);
      return `${act.coin} payouts are paused`;
    case 'resume-payouts':
      await client.resumePayouts(act.coin);
      return `${act.coin} payouts go on`;
    case 'pause-sink':
      await client.pauseSink(act.sink);
      return `sink ${act.sink} is paused`;
    case 'resume-sink':
      await client.resumeSink(act.sink);
      return `sink ${act.sink} is resumed`;
    case 'retry-delivery':
      await client.retryDelivery(act.coin, act.id);
      return `event ${act.sequence} is sent to ${act.sink} again`;
    case 'new-address': {
      const {address} = await client.createAddress(act.coin, act.account, act.label === '' ? undefined : act.label);
      return `new address of ${act.account}: ${address}`;
    }
    case 'new-payout': {
      const {coin, account, address, amount, label, key} = act;
      const body = {account, address, amount, ...(label !== '' && {label})};
      const {value, created} = await client.createPayout(coin, key, body);
      return `payout ${value.id} of ${value.amount} is ${created ? '' : 'there already, '}${value.status}`;
    }
    default:
      return act satisfies never;
  }
};

/** Newest payouts and addresses that a new address is compared with. */
const COMPARED = 1000;

export const learnAddresses = async (client: ApiClient, coin: string): Promise<KnownAddresses> => {
  const [payouts, addresses] = await Promise.all([
    client.payouts(coin, {limit: COMPARED}),
    client.addresses(coin, {limit: COMPARED}),
  ]);
  const paid = new Map<string, number>();
  for (const {address} of payouts.items) paid.set(address, (paid.get(address) ?? 0) + 1);
  return {paid, own: new Set(addresses.items.map(({address}) => address))};
};
