import type {BackendRow, DepositRow, EventRow, JobRow, LogRow, PayoutRow} from '../rows.ts';
import type {PaneId} from '../state.ts';

export interface RowOf {
  readonly payouts: PayoutRow;
  readonly incoming: DepositRow;
  readonly backends: BackendRow;
  readonly events: EventRow;
  readonly log: LogRow;
  readonly jobs: JobRow;
}
export type AnyRow = RowOf[PaneId];

/** A stretch of an API list. Far from what is looked at only its length is kept. */
export interface Chunk<Row> {
  readonly length: number;
  readonly rows: readonly Row[] | undefined;
}

/** What follows the rows of the status, by pages of the API's list. */
export interface Tail<Row = AnyRow> {
  readonly chunks: readonly Chunk<Row>[];
  /** The last chunk is the end of the list. */
  readonly isComplete: boolean;
}

export type Tails = {readonly [Pane in PaneId]?: Tail<RowOf[Pane]>};
