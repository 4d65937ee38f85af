import type { Session } from '../../local/cloudauth/session-types.ts';
import { drawSessions } from '../../local/cloudauth/sessions.ts';
import { LOCAL_REGION } from '../../local/sls/src/host.ts';
import { EVENT_FIELDS } from '../../shared/logstores/events.ts';
import { toContents } from '../../shared/logstores/field-table.ts';
import { RECORD_FIELDS } from '../../shared/logstores/records.ts';
import { type RecordOutput, toRecord } from '../../shared/record/to-record.ts';
import type { Known } from './chart-truth.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;

/** A generated session: what is known to be true about it, and the records that the product makes of it. */
export interface Drawn {
  readonly session: Session;
  readonly final: RecordOutput;
  readonly provisional: RecordOutput;
  readonly known: Known;
}

/** Sessions that were opened long enough ago to have their final answer. */
export function drawAnswered(seed: number, count: number, nowMs: number): Drawn[] {
  return drawSessions({ seed, count, nowMs: nowMs - 31 * MINUTE_MS, youngShare: 0 }).map((session) => {
    const final = recordOf(session, session.result, true);
    const [first] = session.unfinished;
    return {
      session,
      final,
      provisional: recordOf(session, first?.result ?? {}, false),
      known: toKnown(session, final),
    };
  });
}

function recordOf(session: Session, result: unknown, final: boolean): RecordOutput {
  return toRecord({
    transactionId: session.transactionId,
    merchantBizId: session.merchantBizId,
    source: final ? 'sweep' : 'lookup',
    attempt: 1,
    region: LOCAL_REGION,
    labels: { ...session.labels },
    initializedAtMs: session.initializedAtMs,
    registeredAtMs: session.initializedAtMs + 1_000,
    askedAtMs: session.initializedAtMs + (final ? 31 : 2) * MINUTE_MS,
    final,
    disposition: 'answered',
    code: 'Success',
    result,
  });
}

/** From the truth wherever it says something; the rest (cause's outlook, coverage) from the record itself. */
function toKnown(session: Session, { record }: RecordOutput): Known {
  const { truth } = session;
  return {
    transactionId: session.transactionId,
    openedAtMs: session.initializedAtMs,
    labels: { ...session.labels },
    journey: truth.journey,
    passed: truth.passed,
    // Without an English page the service has no name for the NFC pages: then nobody can know the stage.
    stage:
      session.result.InterruptPage || session.result.InterruptPageEn
        ? (truth.stage ?? record.stage)
        : undefined,
    stageReached: truth.stageReached,
    entered: truth.entered,
    cause: record.cause ?? 'unknown',
    recoverable: record.recoverable === undefined ? undefined : record.recoverable === 'true',
    page: record.interrupt_page,
    pageEn: record.interrupt_page_en,
    counters: truth.statistics
      ? {
          ocr: truth.ocrRetries,
          ocrEdits: truth.ocrEdits,
          ocrEditRetries: truth.ocrEditRetries,
          face: truth.faceRetries,
        }
      : undefined,
    staysMs: truth.statistics ? truth.staysMs : {},
    permissionOutcome: truth.statistics ? truth.permissionOutcome : record.permission_outcome,
    hiddenMs: record.hidden_ms,
    contradictions: (record.contradictions ?? '').split(',').filter((name) => name !== ''),
    logCoverage: record.log_coverage ?? 'none',
  };
}

export function register(world: World, drawn: readonly Drawn[], nowMs: number): Promise<void> {
  const rows = drawn.map(({ session }) => ({
    transaction_id: session.transactionId,
    initialized_at_ms: session.initializedAtMs,
    registered_at_ms: session.initializedAtMs + 1_000,
    given_at_ms: session.initializedAtMs + 1_000,
    attempt: 0,
    kind: 'register',
    labels: JSON.stringify(session.labels),
  }));
  return world.put('idv-pending', rows, { timeMs: nowMs });
}

export async function store(world: World, outputs: readonly RecordOutput[], nowMs: number): Promise<void> {
  const records = outputs.map(({ record }) => Object.fromEntries(toContents(RECORD_FIELDS, record)));
  const events = outputs.flatMap((output) =>
    output.events.map((event) => Object.fromEntries(toContents(EVENT_FIELDS, event))),
  );
  await world.put('idv-records', records, { timeMs: nowMs });
  await world.put('idv-events', events, { timeMs: nowMs });
}

/** Rows of idv-records, as a person would write them down: column to value. */
export type HandMade = Readonly<Record<string, string | number>>;

/** The row that the product makes of a Result written by hand. */
export function rowOfResult(
  transactionId: string,
  result: unknown,
  { labels, openedAtMs }: { labels?: Readonly<Record<string, string>>; openedAtMs: number },
): HandMade {
  const { record } = toRecord({
    transactionId,
    source: 'sweep',
    attempt: 1,
    region: 'ap-southeast-1',
    initializedAtMs: openedAtMs,
    registeredAtMs: openedAtMs,
    askedAtMs: openedAtMs + 1_860_000,
    final: true,
    disposition: 'answered',
    code: 'Success',
    result,
    ...(labels === undefined ? {} : { labels }),
  });
  return Object.fromEntries(toContents(RECORD_FIELDS, record));
}
