import { readFile } from 'node:fs/promises';
import { readHistory, registrationOf, rowOf } from '../../shared/history.ts';
import { TRANSACTION_ID } from '../../shared/logstores/ids.ts';
import { PENDING_GROUP_ROWS, type PendingTransaction } from '../../shared/logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { WIDEST_WINDOWS } from '../../shared/logstores/retention.ts';
import { CAUSES, DISPOSITIONS } from '../../shared/logstores/values.ts';
import { recordView } from '../../shared/logstores/view.ts';
import { appendToQueue, CALLER_RETRY } from '../../shared/queue.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { DAY_MS, HOUR_MS, SECOND_MS, systemClock } from '../../shared/time.ts';
import {
  type CommandLine,
  inputFile,
  periodOptions,
  UsageError,
  wholeOption,
  wordOption,
} from './arguments.ts';
import type { CliContext } from './context.ts';
import { json } from './print.ts';

/** The service may return codes that are unknown here. */
const CODE = /^[A-Za-z0-9_.]{1,64}$/;
const PAGE_ROWS = 10_000;
const CONCURRENT_READS = 4;
const READ_TIMEOUT_MS = 60_000;

/**
 * `replay`: puts transactions into the queue again, with everything that was given for them. They are named, or found by
 * the row of their record that the view takes: one that has been answered since is left alone. The new answer becomes
 * another row, and the view takes the better one: replaying twice only asks twice.
 */
export async function replayCommand(context: CliContext): Promise<number> {
  const { line, out, err } = context;
  const ids = await selectIds(context);
  if (line.flag('dry-run')) {
    if (line.flag('json')) out(json({ selected: ids.length, ids }));
    else out(ids.length === 0 ? NOTHING : ids.join('\n'));
    return 0;
  }
  const { queued, unread, readError, storeError } = await queueAgain(context, ids);
  if (unread > 0) err(`${unread} were left out: their earlier rows could not be read${reasonOf(readError)}`);
  if (storeError !== undefined)
    err(`the log store did not take all of them, run it again${reasonOf(storeError)}`);
  out(
    line.flag('json')
      ? json({ selected: ids.length, queued, failed: ids.length - queued })
      : describe(queued, ids.length),
  );
  return queued === ids.length ? 0 : 1;
}

const NOTHING = 'no record fits';

function describe(queued: number, selected: number): string {
  if (selected === 0) return `${NOTHING}: nothing was queued`;
  return `${queued} of ${selected} queued again${queued === 0 ? '' : '; asked about in half an hour'}`;
}

/** All ids that are named, or those that match the filters, up to the limit. */
async function selectIds(context: CliContext): Promise<string[]> {
  const { line, err } = context;
  const nowMs = context.now();
  const named = await namedIds(line);
  const conditions = conditionsOf(line);
  const limit = wholeOption(line, 'limit', { min: 1, max: 100_000, default: 1_000 });
  const { toMs = nowMs, fromMs = toMs - DAY_MS } = periodOptions(line);
  if (named === undefined) {
    if (conditions.length === 0)
      throw new UsageError('replay needs ids, or --disposition, --cause or --code');
    const ids = await findIds(context.sls(), conditions, { fromMs, toMs, limit, nowMs });
    if (ids.length === limit) err(`these are the first ${limit}: there may be more, raise --limit`);
    return ids;
  }
  if (conditions.length > 0) throw new UsageError('name ids or give filters, not both');
  const unused = ['from', 'to', 'limit'].find((name) => line.text(name) !== undefined);
  if (unused !== undefined) throw new UsageError(`--${unused} goes with filters, not with ids`);
  return named;
}

/** Returns undefined when none are named. @throws UsageError */
async function namedIds(line: CommandLine): Promise<string[] | undefined> {
  const file = line.text('file');
  if (file !== undefined) await inputFile(file);
  const words = file === undefined ? [] : (await readFile(file, 'utf8')).split(/\s+/);
  const ids = [...new Set([...line.positionals, ...words.filter((word) => word !== '')])];
  const wrong = ids.find((id) => !TRANSACTION_ID.test(id));
  if (wrong !== undefined) throw new UsageError(`"${wrong.slice(0, 80)}" is not a transaction id`);
  if (file !== undefined && ids.length === 0) throw new UsageError(`${file} names no transaction`);
  return ids.length === 0 ? undefined : ids;
}

/** The values go into a query between single quotes; none of them can contain one. */
function conditionsOf(line: CommandLine): string[] {
  const code = line.text('code');
  if (code !== undefined && !CODE.test(code)) throw new UsageError(`--code cannot be "${code.slice(0, 80)}"`);
  const filters = {
    disposition: wordOption(line, 'disposition', DISPOSITIONS),
    cause: wordOption(line, 'cause', CAUSES),
    code,
  };
  return Object.entries(filters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} = '${value}'`],
  );
}

interface Selection {
  /** When they were last asked about, unix ms, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly limit: number;
  readonly nowMs: number;
}

/**
 * Those asked about longest ago come first: their logs expire soonest. Pages start after a key, not at an offset, so
 * rows written meanwhile cannot shift them.
 */
async function findIds(sls: SlsDataPlane, conditions: readonly string[], selection: Selection) {
  const { fromMs, toMs, limit, nowMs } = selection;
  const ids: string[] = [];
  let after = '';
  for (;;) {
    const rowsWanted = Math.min(PAGE_ROWS, limit - ids.length);
    const { rows, complete } = await sls.query(RECORDS_LOGSTORE, {
      query: `* |
        WITH records AS ${recordView(['asked_at_ms', 'disposition', 'cause', 'code'], { where: ASKABLE })}
        SELECT transaction_id, asked_at_ms
        FROM records
        WHERE ${[...conditions, `asked_at_ms >= ${fromMs}`, `asked_at_ms < ${toMs}`].join(' AND ')} ${after}
        ORDER BY asked_at_ms, transaction_id
        LIMIT ${rowsWanted}`,
      // A record is written within minutes of the call; a better one may have been written at any time since.
      fromSeconds: Math.floor(Math.max(fromMs - HOUR_MS, nowMs - WIDEST_WINDOWS.recordsMs) / SECOND_MS),
      toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
    });
    if (!complete) throw new Error('SLS read only a part of the records: choose a shorter time');
    for (const { transaction_id: id } of rows) if (id !== undefined) ids.push(id);
    const { transaction_id: lastId, asked_at_ms: lastAskedAtMs } = rows.at(-1) ?? {};
    if (rows.length < rowsWanted || ids.length >= limit) return ids;
    after = `AND (asked_at_ms > ${lastAskedAtMs} OR asked_at_ms = ${lastAskedAtMs} AND transaction_id > '${lastId}')`;
  }
}

/** Excludes rows of the queue that have no id: their records bear a name that cannot be asked about. */
const ASKABLE = `regexp_like(transaction_id, '${TRANSACTION_ID.source}')`;

interface Replayed {
  readonly queued: number;
  /** Left out: a row without its labels would win over the one that has them. */
  readonly unread: number;
  readonly readError: unknown;
  readonly storeError: unknown;
}

/** Queues one group at a time: what is queued stays queued, whatever happens to the rest. */
async function queueAgain({ sls, now }: CliContext, ids: readonly string[]): Promise<Replayed> {
  const client = sls();
  let [queued, unread] = [0, 0];
  let [readError, storeError]: unknown[] = [];
  for (let from = 0; from < ids.length; from += PENDING_GROUP_ROWS) {
    const group = ids.slice(from, from + PENDING_GROUP_ROWS);
    const read = await readGroup(client, group, now);
    const outcome = await appendToQueue(client, read.rows, {
      clock: systemClock,
      random: Math.random,
      retry: CALLER_RETRY,
    });
    queued += outcome.stored.filter(Boolean).length;
    unread += group.length - read.rows.length;
    readError ??= read.error;
    storeError ??= outcome.error;
  }
  return { queued, unread, readError, storeError };
}

async function readGroup(sls: SlsDataPlane, ids: readonly string[], now: () => number) {
  const rows: PendingTransaction[] = [];
  let error: unknown;
  const waiting = ids.values();
  const work = async () => {
    // All workers share one iterator, so each id is taken once.
    for (const transactionId of waiting) {
      const nowMs = now();
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const history = await readHistory(sls, transactionId, { nowMs, windows: WIDEST_WINDOWS, signal });
      error ??= history.error;
      if (history.failed) continue;
      rows.push({ ...rowOf(transactionId, registrationOf(history), nowMs), kind: 'replay' });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, work));
  return { rows, error };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `: ${error.message}` : '';
}
