import {messageOf} from '../../primitives/errors.ts';
import {layoutOf, pageOf} from '../layout.ts';
import {beginning, readChunk, SOURCES, type Place} from '../lists/pages.ts';
import {headLength, paneList, withoutHead} from '../lists/pane-list.ts';
import type {AnyRow, Chunk, Tail} from '../lists/tail.ts';
import {selectedIndex} from '../rows.ts';
import {isBrowsing, type PaneId, type ScreenState} from '../state.ts';
import type {Store} from '../store.ts';
import {withToast} from '../update/step.ts';
import type {Session} from './session.ts';

/** Chunks whose rows stay around the window; of the others only the length is known. */
const KEPT = 2;
/** A filter looks into the newest so many chunks. */
const MOST_FILTERED = 20;
/** ms after which the rows under the eyes are read again. */
const REFRESH = 4000;
/** The first chunk takes up what the status does not show any more. */
const REFRESH_FIRST = 900;
/** ms between two frames while chunks are only passed by. */
const GLIMPSE = 300;
const AFTER_FAULT = 3000;

type Client = Parameters<Parameters<Session['withClient']>[0]>[0];

interface Held {
  readonly chunks: Chunk<AnyRow>[];
  /** Where each chunk begins; one more than chunks unless the list ends. */
  readonly places: Place[];
  readonly readAt: number[];
  /** The level of the log that was asked for. */
  readonly level: string;
}

const isComplete = ({chunks, places}: Held): boolean => chunks.length > 0 && places.length === chunks.length;

/** Which rows of the focused pane are looked at, and what is known of the chunks below those of the status. */
interface Window {
  readonly pane: PaneId;
  /** Places in the whole list. */
  readonly first: number;
  readonly last: number;
  readonly head: number;
  readonly isArranged: boolean;
  readonly rows: number;
  readonly page: number;
}

const windowOf = (state: ScreenState): Window => {
  const pane = state.focus;
  const list = paneList(pane, state);
  const page = pageOf(layoutOf(state), pane);
  const selected = Math.max(0, selectedIndex(list, state.selections[pane]));
  const {sort, filter} = state.arrangements[pane];
  return {
    pane,
    first: selected - page,
    last: selected + page,
    head: headLength(pane, state),
    isArranged: sort !== 0 || filter !== '',
    rows: list.length,
    page,
  };
};

/** Indexes of the chunks that the window touches, the first one that is not known yet included. */
const touched = (window: Window, state: ScreenState, chunks: readonly Chunk<AnyRow>[]): number[] => {
  const indexes: number[] = [];
  let start = window.head;
  for (const [index, chunk] of chunks.entries()) {
    const {length} = chunk.rows ? withoutHead(window.pane, state, chunk) : chunk;
    if (start <= window.last && start + length >= window.first) indexes.push(index);
    start += length;
  }
  if (start <= window.last) indexes.push(chunks.length);
  return indexes;
};

/** What is to be read next: a chunk not read yet, one that was dropped, or one that has grown old. */
const nextOf = (window: Window, state: ScreenState, held: Held): number | undefined => {
  if (window.isArranged) {
    const isWanted = window.rows <= window.page * 2 && held.chunks.length < MOST_FILTERED;
    return isWanted && !isComplete(held) ? held.chunks.length : undefined;
  }
  const indexes = touched(window, state, held.chunks);
  const missing = indexes.find(index =>
    index === held.chunks.length ? !isComplete(held) : held.chunks[index]!.rows === undefined,
  );
  if (missing !== undefined) return Math.min(missing, held.chunks.length);
  // A frozen picture is not refreshed.
  if (state.frozen) return undefined;
  return indexes.find(
    index =>
      index < held.chunks.length && state.now - (held.readAt[index] ?? 0) > (index === 0 ? REFRESH_FIRST : REFRESH),
  );
};

/**
 * A chunk read again: known rows as they are now, those that left the list gone, new ones at an open end only. New ones
 * at the start push known ones off the page that was read: those stay as they were. Undefined when nothing known is left.
 */
const refreshed = (
  before: readonly AnyRow[],
  now: readonly AnyRow[],
  open: {start: boolean; end: boolean},
): AnyRow[] | undefined => {
  const known = new Set(before.map(row => row.id));
  const first = now.findIndex(row => known.has(row.id));
  if (first === -1) return before.length === 0 ? [...now] : undefined;
  const last = now.findLastIndex(row => known.has(row.id));
  const shown = now.filter(
    (row, index) => known.has(row.id) || (open.start && index < first) || (open.end && index > last),
  );
  if (!open.start || first === 0) return shown;
  const seen = new Set(now.map(row => row.id));
  const lastSeen = before.findLastIndex(row => seen.has(row.id));
  return [...shown, ...before.slice(lastSeen + 1)];
};

/**
 * Reads what a pane shows below the rows of the status: page by page as one scrolls, only what is near, again while it
 * is looked at. Returns how to stop.
 */
export const followTail = (store: Store<ScreenState>, session: Session): (() => void) => {
  const held = new Map<PaneId, Held>();
  let isReading = false;
  let isOver = false;
  let restUntil = 0;

  const publish = (pane: PaneId) => {
    const mine = held.get(pane)!;
    const tail: Tail = {chunks: [...mine.chunks], isComplete: isComplete(mine)};
    store.update(state => ({...state, tails: {...state.tails, [pane]: tail}}));
  };

  const forget = (pane: PaneId) => {
    held.delete(pane);
    store.update(state => ({...state, tails: {...state.tails, [pane]: undefined}}));
  };

  /** Keeps the rows near the window and the length of all others. */
  const makeRoom = (state: ScreenState, {chunks}: Held, window: Window) => {
    if (window.isArranged) return;
    const near = touched(window, state, chunks);
    const [least, most] = [Math.min(...near) - KEPT, Math.max(...near) + KEPT];
    for (const [index, chunk] of chunks.entries())
      if (chunk.rows && (index < least || index > most))
        chunks[index] = {rows: undefined, length: withoutHead(window.pane, state, chunk).length};
  };

  const read = async (client: Client, window: Window, mine: Held, index: number) => {
    const source = SOURCES[window.pane]!;
    const state = store.get();
    const {rows, next} = await readChunk(source, client, state, mine.places[index] ?? beginning(source, state));
    const before = mine.chunks[index]?.rows;
    const isEnd = index === mine.chunks.length - 1 && isComplete(mine);
    const shown = before ? refreshed(before, rows, {start: index === 0, end: isEnd}) : rows;
    // So much is new that the two do not meet.
    if (!shown) {
      forget(window.pane);
      return;
    }
    const isNew = index === mine.chunks.length;
    mine.chunks[index] = {rows: shown, length: shown.length};
    mine.readAt[index] = state.now;
    if (next && (isNew || isEnd)) mine.places[index + 1] = next;
  };

  const work = async () => {
    isReading = true;
    try {
      await session.withClient(async client => {
        let glimpsedAt = 0;
        for (;;) {
          const state = store.get();
          const window = windowOf(state);
          const mine = held.get(window.pane);
          const index = mine && nextOf(window, state, mine);
          if (isOver || !mine || index === undefined || state.link.state !== 'live') return;
          await read(client, window, mine, index);
          if (held.get(window.pane) !== mine) return;
          makeRoom(store.get(), mine, window);
          const isPassing = nextOf(windowOf(store.get()), store.get(), mine) !== undefined;
          if (isPassing && performance.now() - glimpsedAt < GLIMPSE) continue;
          glimpsedAt = performance.now();
          publish(window.pane);
        }
      });
    } catch (error) {
      restUntil = store.get().now + AFTER_FAULT;
      store.update(state => withToast(state, `more rows: ${messageOf(error)}`, 'bad', state.now));
    } finally {
      isReading = false;
    }
  };

  const look = () => {
    const state = store.get();
    if (isOver || !isBrowsing(state) || !state.status) return;
    const window = windowOf(state);
    const source = SOURCES[window.pane];
    if (!source) return;
    const mine = held.get(window.pane);
    const isLeft = !window.isArranged && window.last + window.page < window.head;
    if (mine && (isLeft || mine.level !== state.logLevel)) {
      forget(window.pane);
      return;
    }
    const isWanted = (window.isArranged || window.last >= window.head) && source.hasMore(state);
    if (!held.has(window.pane)) {
      if (!isWanted) return;
      held.set(window.pane, {chunks: [], places: [beginning(source, state)], readAt: [], level: state.logLevel});
    }
    if (isReading || state.now < restUntil || state.link.state !== 'live') return;
    if (nextOf(window, state, held.get(window.pane)!) !== undefined) void work();
  };

  const stop = store.subscribe(look);
  return () => {
    isOver = true;
    stop();
  };
};
