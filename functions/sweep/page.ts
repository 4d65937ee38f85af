import { type PendingReading, readPendingRow } from '../../shared/logstores/pending.ts';
import type { PulledGroup } from '../../shared/sls/types.ts';
import { SECOND_MS } from '../../shared/time.ts';
import type { Inquiry } from './inquiry.ts';
import type { SweepSettings } from './services.ts';
import { endAtMs } from './verdict.ts';

export interface Row {
  /** `<shard>|<cursor>|<index>`: SLS's own name for a delivered log. */
  readonly place: string;
  readonly reading: PendingReading;
  readonly receivedAtMs: number;
  /** Only of a row that could not be read. */
  readonly raw?: Readonly<Record<string, string>>;
}

/** A row that this run works on. Rows of one transaction share an inquiry. */
export interface BegunRow extends Row {
  readonly inquiry: Inquiry;
}

export interface Group<R extends Row = Row> {
  readonly rows: readonly R[];
}

/** What one pull brought: whole log groups, and the cursor behind them as the server gave it. */
export interface Pull {
  readonly groups: readonly Group[];
  readonly fromCursor: string;
  readonly nextCursor: string;
}

/** The groups of a pull that this run works on: the unit that is written and checkpointed. */
export interface Page {
  readonly shard: number;
  readonly fromCursor: string;
  /** Behind these groups; undefined when the pull brought more of them, and no cursor was given for the place. */
  readonly nextCursor: string | undefined;
  readonly groups: readonly Group<BegunRow>[];
  /** The page holds a group that may not fit into any run: what is left of it is handed back. */
  readonly mayBeCut: boolean;
}

/** The tag under which SLS gives the receive time, in unix seconds, when the logstore appends it. */
const RECEIVE_TIME_TAG = '__receive_time__';

export function toGroup(
  pulled: PulledGroup,
  { shard, nowMs, settings }: { shard: number; nowMs: number; settings: SweepSettings },
): Group {
  const seconds = Number(pulled.tags[RECEIVE_TIME_TAG]);
  const receivedAtMs = Number.isSafeInteger(seconds) && seconds > 0 ? seconds * SECOND_MS : nowMs;
  const rows = pulled.logs.map(({ contents }, index): Row => {
    const reading = readPendingRow(contents, receivedAtMs, settings.windows.saneBeforeMs);
    return {
      place: `${shard}|${pulled.cursor}|${index}`,
      reading,
      receivedAtMs,
      ...(reading.ok ? {} : { raw: contents }),
    };
  });
  return {
    rows: rows.sort((one, other) => endOf(one, settings.retentionMs) - endOf(other, settings.retentionMs)),
  };
}

/** Those with the least time left are asked first, so that a group that is cut is cut behind them. */
function endOf({ reading }: Row, retentionMs: number): number {
  return reading.ok ? endAtMs(reading.transaction, retentionMs) : 0;
}
