import type {BroadcastDetail, Deposit, EventDetail, Payout, RescanEstimate, Status} from '../contract/index.ts';
import type {Act} from './acts/act.ts';
import type {KnownAddresses} from './acts/look-alike.ts';
import type {ChecklistItem} from './deps.ts';
import type {Tails} from './lists/tail.ts';
import {formatAge} from './text/format.ts';

// Everything the screen is drawn from. Changed only by the functions of update/ and by session/, drawn by panes/ and
// dialogs/, which are pure functions of it.

/** In the order of their keys: 1, 2, 3 … */
export const PANES = ['payouts', 'incoming', 'backends', 'events', 'log', 'jobs'] as const;
export type PaneId = (typeof PANES)[number];

/** How the console stands to its engine. */
export type Link =
  | {readonly state: 'connecting'; readonly since: number; readonly words: string}
  | {readonly state: 'live'; readonly receivedAt: number}
  /** The last status is that of `receivedAt`; nothing drawn from it is true of now. */
  | {readonly state: 'lost'; readonly since: number; readonly receivedAt: number | undefined; readonly words: string}
  /** A hosted engine that is not started again by itself: it ended with 0, 64 or 78. */
  | {readonly state: 'ended'; readonly since: number; readonly exitCode: number; readonly words: readonly string[]};

/** Whether this console started the engine (`hosting`) or found it running. */
export type Attachment = 'unknown' | 'hosting' | 'attached';

export type DetailKind = 'payout' | 'deposit' | 'broadcast' | 'backend' | 'event' | 'job';

export interface Target {
  readonly kind: DetailKind;
  readonly coin: string;
  readonly id: string;
}

export type FormName = 'payout' | 'address';

export type InitPhase = 'invitation' | 'running' | 'finished';

export type View =
  | {readonly name: 'panes'}
  /** The panes, while the focused one's filter is typed. */
  | {readonly name: 'filter'}
  | {
      readonly name: 'detail';
      readonly target: Target;
      /** The status it was opened on: events leave the newest ones while they are read. */
      readonly opened: Status | undefined;
      readonly scroll: number;
      readonly under: View;
    }
  | {
      readonly name: 'confirm';
      readonly openedAt: number;
      readonly act: Act;
      /** 0 is Cancel, which is where it begins. */
      readonly choice: 0 | 1;
      /** The end of the id, as far as it is typed. */
      readonly typed: string;
      readonly under: View;
    }
  | {
      readonly name: 'palette';
      readonly openedAt: number;
      readonly input: string;
      readonly choice: number;
      readonly under: View;
    }
  | {
      readonly name: 'form';
      readonly openedAt: number;
      readonly form: FormName;
      readonly values: Readonly<Record<string, string>>;
      readonly field: number;
      readonly under: View;
    }
  | {readonly name: 'help'; readonly under: View; readonly scroll: number}
  | {readonly name: 'rescan'; readonly openedAt: number; readonly coin: string; readonly from: string}
  | {readonly name: 'quit'; readonly openedAt: number; readonly choice: number}
  | {readonly name: 'stopping'; readonly since: number}
  | {
      readonly name: 'init';
      readonly openedAt: number;
      readonly phase: InitPhase;
      readonly coins: readonly string[];
      readonly rows: readonly ChecklistItem[];
    };

export const VIEWS = [
  'panes',
  'filter',
  'detail',
  'confirm',
  'palette',
  'form',
  'help',
  'rescan',
  'quit',
  'stopping',
  'init',
] as const satisfies readonly View['name'][];

/** A row is followed by its id; without one the selection stays at `index` (0: the newest, whatever it is). */
export interface Selection {
  readonly id: string | undefined;
  readonly index: number;
}

/** How one pane shows its rows, besides where it stands. */
export interface Arrangement {
  /** Which of the pane's sorts (panes/sorts.ts); 0 is the engine's order. */
  readonly sort: number;
  /** Rows that contain this, in any case; empty: all. */
  readonly filter: string;
}

export type LogLevelShown = 'debug' | 'info' | 'warn' | 'error';

export interface Toast {
  readonly text: string;
  readonly tone: 'ok' | 'warn' | 'bad';
  readonly until: number;
}

/** What was asked for the open detail beyond the status. */
export interface Fetched {
  readonly target: Target;
  readonly payout?: Payout;
  readonly deposit?: Deposit;
  readonly broadcast?: BroadcastDetail;
  /** Events about it, oldest first, and where each sink stands with them. */
  readonly history?: readonly EventDetail[];
}

/** What happened since this operator last looked. */
export interface Away {
  /** ms of the last look. */
  readonly since: number;
  readonly lines: readonly string[];
}

export interface ScreenState {
  readonly now: number;
  readonly size: {readonly columns: number; readonly rows: number};
  readonly configPath: string;
  readonly attachment: Attachment;
  readonly onQuit: 'ask' | 'stop';
  readonly link: Link;
  readonly status: Status | undefined;
  /** Frozen by the operator: what is drawn while `status` goes on. */
  readonly frozen: {readonly status: Status; readonly at: number} | undefined;
  readonly view: View;
  readonly focus: PaneId;
  readonly selections: Readonly<Record<PaneId, Selection>>;
  readonly arrangements: Readonly<Record<PaneId, Arrangement>>;
  /** Rows that came by pages of the API's lists, below those of the status. */
  readonly tails: Tails;
  /** The focused pane has the whole body. */
  readonly isZoomed: boolean;
  /** Points in time are shown as such and not as ages. */
  readonly showsClock: boolean;
  readonly masksAmounts: boolean;
  readonly logLevel: LogLevelShown;
  /** Which of the alerts is read, and those that were muted here, by id. */
  readonly alert: {readonly index: number; readonly muted: readonly string[]};
  readonly fetched: Fetched | undefined;
  /** What the engine said that a rescan from there costs, or why it did not. */
  readonly rescanEstimate:
    | {readonly coin: string; readonly from: string; readonly estimate?: RescanEstimate; readonly problem?: string}
    | undefined;
  /** This console among those that the engine knows. */
  readonly consoleId: string;
  /** What the engine answered last to this console's being there, and when. */
  readonly attended?: {readonly items: Status['consoles']; readonly at: number};
  /** Addresses paid and received on before, by coin; asked for when a payout form opens. */
  readonly known: Readonly<Record<string, KnownAddresses>>;
  readonly away: Away | undefined;
  /** Which value of what was copied last, so that the next `y` copies the next one. */
  readonly copied: {readonly of: string; readonly index: number} | undefined;
  readonly toast: Toast | undefined;
  /** Until when a second Ctrl-C leaves. */
  readonly interruptUntil: number;
}

const TOP: Selection = {id: undefined, index: 0};
const PLAIN: Arrangement = {sort: 0, filter: ''};

const forPanes = <Value>(value: Value) => Object.fromEntries(PANES.map(pane => [pane, value])) as Record<PaneId, Value>;

export const initialState = (options: {
  now: number;
  columns: number;
  rows: number;
  configPath: string;
  onQuit: 'ask' | 'stop';
  consoleId?: string;
}): ScreenState => ({
  now: options.now,
  size: {columns: options.columns, rows: options.rows},
  configPath: options.configPath,
  attachment: 'unknown',
  onQuit: options.onQuit,
  link: {state: 'connecting', since: options.now, words: 'looking for an engine'},
  status: undefined,
  frozen: undefined,
  view: {name: 'panes'},
  focus: 'payouts',
  selections: forPanes(TOP),
  arrangements: forPanes(PLAIN),
  tails: {},
  isZoomed: false,
  showsClock: false,
  masksAmounts: false,
  logLevel: 'info',
  alert: {index: 0, muted: []},
  fetched: undefined,
  rescanEstimate: undefined,
  consoleId: options.consoleId ?? '',
  known: {},
  away: undefined,
  copied: undefined,
  toast: undefined,
  interruptUntil: 0,
});

export const shownStatus = (state: ScreenState): Status | undefined => state.frozen?.status ?? state.status;

/** Nothing that changes the engine is allowed on values that may not be true any more. */
export const isStale = (state: ScreenState): boolean => state.link.state !== 'live';

/** ms; when the values on the screen were true, once the engine does not tell of now. */
const staleSince = ({link, status}: ScreenState): number | undefined => {
  if (link.state === 'live' || !status) return undefined;
  return link.state === 'lost' ? (link.receivedAt ?? link.since) : link.since;
};

/** `12s`; undefined while the values are of now. */
export const staleFor = (state: ScreenState): string | undefined => {
  const since = staleSince(state);
  return since === undefined ? undefined : formatAge(state.now - since);
};

/** The panes are what keys move about in. */
export const isBrowsing = ({view}: ScreenState): boolean => view.name === 'panes' || view.name === 'filter';
/** The console that has control, when it is another one than this. */
export const otherInControl = ({status, consoleId}: ScreenState): string | undefined =>
  status?.consoles.find(item => item.has_control && item.id !== consoleId)?.name;

/** Looks on: another console has control, and this one would have to take it first. */
export const isReadOnly = (state: ScreenState): boolean => otherInControl(state) !== undefined;

/** What is drawn behind a dialog that lies over it. */
export const behind = (view: View): View =>
  view.name === 'confirm' || view.name === 'palette' || view.name === 'form' ? behind(view.under) : view;
