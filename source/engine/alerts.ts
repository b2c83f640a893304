import {gapWords} from '../chain/address-gap.ts';
import {silentSources} from './health.ts';
import type {Alert, CoinStatus, SinkStatus, Status} from '../contract/index.ts';

type Found = Omit<Alert, 'since'>;

const coinAlerts = (coin: CoinStatus): Found[] => [
  ...backendAlerts(coin),
  ...booksAlerts(coin),
  ...payoutAlerts(coin),
  ...agreementAlerts(coin),
  ...walletAlerts(coin),
];

const walletAlerts = ({coin, unit, wallet}: CoinStatus): Found[] =>
  wallet === undefined || wallet.unused_addresses <= wallet.gap_limit
    ? []
    : [
        {
          id: `${coin}:gap`,
          severity: 'warning',
          coin,
          text: `${unit} ${gapWords(wallet.unused_addresses, wallet.gap_limit)}`,
        },
      ];

/** Of several backends, those that could not take the word now. That of the one that has it is the coin's own. */
const sourceAlerts = ({coin, unit, backend}: CoinStatus): Found[] =>
  silentSources(backend).map(({name, state, reason}) => ({
    id: `${coin}:backend:${name}:${state}`,
    severity: state === 'wrong_chain' ? 'critical' : 'warning',
    coin,
    text: `${unit} backend ${name} ${state.replaceAll('_', ' ')}${reason === null ? '' : `: ${reason}`}; ${backend.name} speaks`,
  }));

const backendAlerts = (coinStatus: CoinStatus): Found[] => {
  const {coin, unit, backend, counts} = coinStatus;
  const found = sourceAlerts(coinStatus);
  if (backend.state === 'ok' || backend.state === 'connecting') return found;
  const waiting = counts.pending_payouts === 0 ? '' : `; ${counts.pending_payouts} payouts wait on it`;
  const reason = backend.reason === null ? '' : `: ${backend.reason}`;
  return [
    ...found,
    {
      id: `${coin}:backend:${backend.state}`,
      severity: 'critical',
      coin,
      text: `${unit} node ${backend.state.replaceAll('_', ' ')}${reason}${waiting}`,
    },
  ];
};

const agreementAlerts = ({coin, unit, agreement}: CoinStatus): Found[] => {
  if (agreement === null || agreement.waiting === 0) return [];
  const {denied, waiting} = agreement;
  const found = denied.map(({deposit, words}): Found => ({
    id: `${coin}:agreement:${deposit}`,
    severity: 'critical',
    coin,
    text: `${unit} deposit ${deposit} is not credited, backends contradict each other: ${words}`,
  }));
  const others = waiting - denied.length;
  if (others > 0)
    found.push({
      id: `${coin}:agreement`,
      severity: 'warning',
      coin,
      text: `${unit} ${others === 1 ? 'a deposit waits' : `${others} deposits wait`} for another backend to say the same`,
    });
  return found;
};

const booksAlerts = ({coin, unit, books, payouts_paused: paused}: CoinStatus): Found[] => {
  const found: Found[] = [];
  if (books !== null && /[1-9]/.test(books.drift))
    found.push({
      id: `${coin}:drift`,
      severity: 'critical',
      coin,
      text: `${unit} books and chain differ by ${books.drift} at ${books.height}; payouts stop until they agree`,
    });
  if (paused !== null)
    found.push({id: `${coin}:paused`, severity: 'critical', coin, text: `${unit} payouts are paused: ${paused}`});
  return found;
};

const payoutAlerts = ({coin, unit, pending}: CoinStatus): Found[] => {
  const forPerson = pending.filter(payout => payout.status === 'held' && payout.clears === 'person');
  const isForApproval = ({reason}: (typeof pending)[number]) => reason?.startsWith('approval:') === true;
  const held = forPerson.filter(payout => !isForApproval(payout));
  const waiting = pending.filter(payout => payout.status === 'held' && payout.clears !== 'person');
  const conflicted = pending.filter(payout => payout.status === 'conflicted');
  const unsigned = pending.filter(
    ({status, reason}) => status === 'reserved' && reason?.startsWith('awaiting_signature:') === true,
  );
  const found: Found[] = [];
  const add = (kind: string, severity: Alert['severity'], rows: typeof pending, words: string) => {
    const [first] = rows;
    if (first === undefined) return;
    const which = rows.length === 1 ? `payout ${first.id}` : `${rows.length} payouts (${first.id}, …)`;
    const reason = first.reason === undefined ? '' : `: ${first.reason}`;
    found.push({id: `${coin}:${kind}`, severity, coin, text: `${unit} ${which} ${words}${reason}`});
  };
  add('held_by_person', 'warning', held, 'waits for your release');
  add('approval', 'warning', forPerson.filter(isForApproval), 'waits for approval by somebody else than who asked');
  add('unsigned', 'warning', unsigned, 'waits for somebody to sign it');
  add('held', 'warning', waiting, 'held');
  add('conflicted', 'critical', conflicted, 'lost to another transaction');
  return found;
};

const sinkAlerts = ({name, coin, state, dead, last_error: error, waiting}: SinkStatus): Found[] => {
  const found: Found[] = [];
  const why = error === null ? '' : `: ${error}`;
  if (state === 'off')
    found.push({
      id: `${coin}:sink:${name}:off`,
      severity: 'critical',
      coin,
      text: `sink ${name} is off${why}; ${waiting} events wait until it is resumed`,
    });
  if (state === 'paused')
    found.push({
      id: `${coin}:sink:${name}:paused`,
      severity: 'warning',
      coin,
      text: `sink ${name} is paused; ${waiting} events wait until it is resumed`,
    });
  if (state === 'retrying')
    found.push({
      id: `${coin}:sink:${name}:retrying`,
      severity: 'warning',
      coin,
      text: `sink ${name} does not take events${why}; ${waiting} wait`,
    });
  if (dead > 0)
    found.push({
      id: `${coin}:sink:${name}:dead`,
      severity: 'critical',
      coin,
      text: `sink ${name} has ${dead} undelivered events that were given up`,
    });
  return found;
};

const engineAlerts = ({loops, database}: Pick<Status, 'loops' | 'database'>): Found[] => {
  const found: Found[] = [];
  if (!database.ok)
    found.push({id: 'database', severity: 'critical', coin: null, text: `database at fault: ${database.error ?? ''}`});
  for (const {name, coin, state, detail} of loops) {
    if (state !== 'failing' && state !== 'stalled' && state !== 'dead') continue;
    const title = coin === null ? name : `${coin} ${name}`;
    const severity = state === 'failing' ? 'warning' : 'critical';
    found.push({
      id: `loop:${title}`,
      severity,
      coin,
      text: `${title} loop ${state}${detail === null ? '' : `: ${detail}`}`,
    });
  }
  return found;
};

/** What needs a person, worst first, each with the time since which it has been so. */
export class AlertBook {
  readonly #since = new Map<string, string>();

  /** Everything that is wrong in a snapshot; what is gone from it is forgotten. */
  update(status: Pick<Status, 'at' | 'coins' | 'sinks' | 'loops' | 'database'>): Alert[] {
    const found = [...engineAlerts(status), ...status.coins.flatMap(coinAlerts), ...status.sinks.flatMap(sinkAlerts)];
    const ids = new Set(found.map(alert => alert.id));
    for (const id of this.#since.keys()) if (!ids.has(id)) this.#since.delete(id);
    for (const id of ids) if (!this.#since.has(id)) this.#since.set(id, status.at);
    return found
      .map((alert): Alert => Object.assign(alert, {since: this.#since.get(alert.id)!}))
      .sort((one, other) => Number(other.severity === 'critical') - Number(one.severity === 'critical'));
  }
}
