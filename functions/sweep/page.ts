import { type PendingReading, type PendingTransaction, readPendingRow } from '../../shared/pending.ts';
import type { Disposition, RecordOutput } from '../../shared/record/record.ts';
import type { PulledGroup } from '../../shared/sls/types.ts';
import { SECOND_MS } from '../../shared/time.ts';
import type { PreparedOutput } from '../../shared/write-records.ts';
import type { SweepSettings } from './services.ts';
import { endAtMs } from './verdict.ts';

/** What became of one row of the queue in this run. */
export type RowResult =
  | {
      readonly kind: 'final';
      readonly disposition: Disposition;
      readonly output: RecordOutput | PreparedOutput;
      /** Set when the answer spoke against the service: the streak it belongs to. */
      readonly streak?: number;
    }
  | { readonly kind: 'requeue'; readonly transaction: PendingTransaction; readonly streak: number }
  /** Another row of this run answers for the transaction. */
  | { readonly kind: 'duplicate' }
  /** Not asked, or asked without an end. `lastResort` is the record it gets if it may not be handed back. */
  | {
      readonly kind: 'unfinished';
      readonly transaction: PendingTransaction;
      readonly lastResort?: {
        readonly disposition: Disposition;
        readonly output: RecordOutput | PreparedOutput;
      };
    };

export interface Row {
  /** `<shard>|<cursor>|<index>`: SLS's own name for a delivered log. */
  readonly place: string;
  readonly reading: PendingReading;
  readonly receivedAtMs: number;
  /** Only of a row that could not be read. */
  readonly raw?: Readonly<Record<string, string>>;
  result?: RowResult;
}

export interface Group {
  readonly rows: readonly Row[];
}

/**
 * What one pull brought: whole log groups, and the cursor behind them as the server gave it. A page is the unit
 * that is written and checkpointed.
 */
export interface Page {
  readonly shard: number;
  readonly fromCursor: string;
  readonly nextCursor: string;
  readonly groups: readonly Group[];
  /** Groups at the begin of the page that this run works on; fewer than all when time is short. */
  readonly admitted: number;
  /** The page holds a group that may not fit into any run: what is left of it is handed back. */
  readonly mayBeCut: boolean;
}

/** The tag under which SLS gives the receive time, in unix seconds, when the logstore appends it. */
const RECEIVE_TIME_TAG = '__receive_time__';

export function toGroup(
  pulled: PulledGroup,
  {
    shard,
    nowMs,
    retentionMs,
    saneBeforeMs,
  }: { shard: number; nowMs: number } & Pick<SweepSettings, 'retentionMs' | 'saneBeforeMs'>,
): Group {
  const seconds = Number(pulled.tags[RECEIVE_TIME_TAG]);
  const receivedAtMs = Number.isSafeInteger(seconds) && seconds > 0 ? seconds * SECOND_MS : nowMs;
  const rows = pulled.logs.map(({ contents }, index): Row => {
    const reading = readPendingRow(contents, receivedAtMs, saneBeforeMs);
    return {
      place: `${shard}|${pulled.cursor}|${index}`,
      reading,
      receivedAtMs,
      ...(reading.ok ? {} : { raw: contents }),
    };
  });
  return { rows: rows.sort((one, other) => endOf(one, retentionMs) - endOf(other, retentionMs)) };
}

export function rowsOf(page: Page): Row[] {
  return page.groups.slice(0, page.admitted).flatMap((group) => group.rows);
}

/** Those with the least time left are asked first, so that a group that is cut is cut behind them. */
function endOf({ reading }: Row, retentionMs: number): number {
  return reading.ok ? endAtMs(reading.transaction, retentionMs) : 0;
}
