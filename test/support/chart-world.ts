import { provision } from '../../deploy/provision.ts';
import type { Session } from '../../local/cloudauth/session-types.ts';
import { drawSessions } from '../../local/cloudauth/sessions.ts';
import { LOCAL_PROJECT } from '../../local/credentials.ts';
import {
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalServer,
  MemoryCredentialStore,
} from '../../local/sls/src/host.ts';
import { createSlsServer } from '../../local/sls/src/server.ts';
import { EVENT_FIELDS, EVENTS_LOGSTORE } from '../../shared/logstores/events.ts';
import { toContents } from '../../shared/logstores/field-table.ts';
import { PENDING_LOGSTORE, toPendingLog } from '../../shared/logstores/pending.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { type RecordOutput, toRecord } from '../../shared/record/record.ts';
import { createSlsClient } from '../../shared/sls/client.ts';
import type { Log, SlsDataPlane } from '../../shared/sls/types.ts';
import type { Known } from './chart-truth.ts';

/** A local SLS that holds the records of generated sessions, and what is known to be true about each. */
export interface ChartWorld {
  readonly server: LocalServer;
  readonly sls: SlsDataPlane;
  readonly nowMs: number;
  close(): Promise<void>;
}

const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };
const MINUTE_MS = 60_000;
const ROWS_PER_GROUP = 500;

export async function openChartWorld(clock: () => number): Promise<ChartWorld> {
  const server = await createSlsServer({ port: 0, credentials: new MemoryCredentialStore(), clock });
  await provision({ endpoint: server.url, project: LOCAL_PROJECT, region: LOCAL_REGION, credentials });
  const sls = createSlsClient({
    endpoint: server.url,
    project: LOCAL_PROJECT,
    credentials: () => credentials,
    connectTimeoutMs: 2_000,
    readTimeoutMs: 60_000,
  });
  return { server, sls, nowMs: clock(), close: () => server.close() };
}

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

export async function register(world: ChartWorld, drawn: readonly Drawn[], nowMs: number): Promise<void> {
  const logs = drawn.map(({ session }) =>
    toPendingLog(
      {
        transactionId: session.transactionId,
        initializedAtMs: session.initializedAtMs,
        registeredAtMs: session.initializedAtMs + 1_000,
        givenAtMs: session.initializedAtMs + 1_000,
        attempt: 0,
        kind: 'register',
        labels: JSON.stringify(session.labels),
      },
      nowMs,
    ),
  );
  await putAll(world.sls, PENDING_LOGSTORE, logs);
}

export async function store(
  world: ChartWorld,
  outputs: readonly RecordOutput[],
  nowMs: number,
): Promise<void> {
  const timeSeconds = Math.floor(nowMs / 1_000);
  await putAll(
    world.sls,
    RECORDS_LOGSTORE,
    outputs.map(({ record }) => ({ timeSeconds, contents: toContents(RECORD_FIELDS, record) })),
  );
  await putAll(
    world.sls,
    EVENTS_LOGSTORE,
    outputs.flatMap(({ events }) =>
      events.map((event) => ({ timeSeconds, contents: toContents(EVENT_FIELDS, event) })),
    ),
  );
}

async function putAll(sls: SlsDataPlane, logstore: string, logs: readonly Log[]): Promise<void> {
  for (let at = 0; at < logs.length; at += ROWS_PER_GROUP)
    await sls.putLogs(logstore, logs.slice(at, at + ROWS_PER_GROUP));
}
