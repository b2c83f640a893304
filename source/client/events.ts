import {CryptoassetsError} from '../api/client-error.ts';
import {pause, retryPause} from '../api/transport.ts';
import type {Event, EventType} from '../contract/index.ts';
import type {Application} from '../engine/application.ts';
import {hasCode} from '../primitives/errors.ts';
import type {CursorStore, EventCursor} from './cursor.ts';
import type {EventOf} from './typed-event.ts';

export interface EventOptions<Type extends EventType = EventType> {
  /** Keeps the place over restarts: `fileCursor('./cursors')`, or a store of your own. */
  readonly cursor?: CursorStore;
  /** The sequence after which to begin when the cursor is empty or there is none; 0, the first event, unless said. */
  readonly after?: number;
  /** Only these; the cursor moves past the others. */
  readonly types?: readonly Type[];
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Told whenever the connection was lost, before the pause: the reader goes on by itself. */
  readonly onReconnect?: (error: CryptoassetsError) => void;
}

/** Skipped events may be read again without harm: not each is worth a write to the disk. */
const SAVE_SKIPPED_EVERY = 100;

type Source = Pick<Application, 'events' | 'followEvents'>;

const cursorOf = ({sequence, id, created_at}: Event): EventCursor => ({sequence, id, created_at});

/** Whether the same question may be answered later: the engine is away, restarts, or is overloaded. */
const passes = (error: unknown): error is CryptoassetsError =>
  error instanceof CryptoassetsError && error.retry !== 'never' && error.code !== 'aborted';

/**
 * Refuses a cursor whose event this ledger does not hold as it was: going on would skip whatever got the numbers below
 * it. A ledger restored from a backup may have lost the event, and goes on with `ledger.restored` at a number above all
 * that were used: that is read next, and says so to the application, if it reads such events.
 */
const checkCursor = async (
  source: Source,
  coin: string,
  cursor: EventCursor,
  isWanted: (event: Event) => boolean,
): Promise<void> => {
  const [found] = (await source.events(coin, cursor.sequence - 1, 1)).items;
  if (found?.sequence === cursor.sequence && found.id === cursor.id && found.created_at === cursor.created_at) return;
  const isRestored = found?.type === 'ledger.restored' && found.sequence > cursor.sequence;
  if (isRestored && ledgerOf(found) === ledgerOf(cursor) && isWanted(found)) return;
  const why = isRestored
    ? 'it was restored from a backup, so what was heard since may come again as other events. Add ledger.restored to `types`, and compare the lists when it comes'
    : 'it is another ledger, or an older copy of it';
  throw new CryptoassetsError(
    'cursor_mismatch',
    `the ledger of ${coin} does not hold event ${cursor.id} of ${cursor.created_at}, where this reader stopped: ${why}`,
  );
};

/** Of `evt_<ledger>_<sequence>`. */
const ledgerOf = ({id}: {id: string}): string => id.slice(0, id.lastIndexOf('_'));

/** Events after the cursor for ever, each at least once, in order. The cursor moves when the next one is asked for. */
export async function* followEvents<Type extends EventType>(
  source: Source,
  coin: string,
  {cursor: store, after = 0, types, onReconnect, signal = new AbortController().signal}: EventOptions<Type>,
): AsyncIterable<EventOf<Type>> {
  let finished = await store?.load(coin);
  const isWanted = (event: Event) => types === undefined || (types as readonly string[]).includes(event.type);
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      if (finished !== undefined) await checkCursor(source, coin, finished, isWanted);
      for await (const event of source.followEvents(coin, finished?.sequence ?? after, signal)) {
        failures = 0;
        if (event.sequence <= (finished?.sequence ?? after)) continue;
        const wanted = isWanted(event);
        if (wanted) yield event as EventOf<Type>;
        finished = cursorOf(event);
        if (wanted || event.sequence % SAVE_SKIPPED_EVERY === 0) await store?.save(coin, finished);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted && hasCode(error, 'aborted')) return;
      if (!passes(error)) throw error;
      onReconnect?.(error);
    }
    await pauseUnlessAborted(retryPause(failures), signal);
  }
}

const pauseUnlessAborted = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  try {
    await pause(milliseconds, signal);
  } catch (error) {
    if (!hasCode(error, 'aborted')) throw error;
  }
};
