import { SECOND_MS } from '../../shared/time.ts';

/** What is known when a pull comes in. */
export interface AdmissionInput {
  /** Rows of each group, in order. */
  readonly groupRows: readonly number[];
  readonly ratePerSecond: number;
  readonly latencyMs: number;
  /** Until no call may begin any more. */
  readonly leftMs: number;
  /** The same at the begin of the run. */
  readonly wholeMs: number;
  /** Nothing was admitted in this run before. */
  readonly isFirst: boolean;
}

export interface Admission {
  /** Groups at the begin of the pull that are started. */
  readonly admitted: number;
  /** The last of them may not get done: what is left of it is handed back. */
  readonly mayBeCut: boolean;
}

/** A group with more than this share of a whole run is taken for one that no run can be sure to finish. */
const TOO_LARGE_SHARE = 0.8;
/** Such a group is begun in the earlier half of a run: then little of it has to be handed back. */
const EARLY_SHARE = 0.5;

/**
 * A group is started only if it fits the time left at the present pace. One that would not fit a whole run
 * would wait for ever, so it is started all the same and cut: as the first of a run, or early in it, so that no
 * shard with such a group at its head is passed over for good.
 */
export function admit(input: AdmissionInput): Admission {
  const { groupRows, ratePerSecond, latencyMs, leftMs, wholeMs, isFirst } = input;
  const [firstRows = 0] = groupRows;
  const timeFor = (rows: number) => (rows / ratePerSecond) * SECOND_MS + latencyMs;
  let rows = 0;
  let admitted = 0;
  for (const more of groupRows) {
    rows += more;
    if (timeFor(rows) > leftMs) break;
    admitted += 1;
  }
  if (admitted > 0) return { admitted, mayBeCut: false };
  const tooLarge = timeFor(firstRows) > TOO_LARGE_SHARE * wholeMs;
  const early = leftMs >= EARLY_SHARE * wholeMs;
  return groupRows.length > 0 && leftMs > 0 && (isFirst || (tooLarge && early))
    ? { admitted: 1, mayBeCut: true }
    : { admitted: 0, mayBeCut: false };
}
