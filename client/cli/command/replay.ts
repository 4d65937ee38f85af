import { readFile } from 'node:fs/promises';
import { rowOf } from '../../../functions/lookup/enqueue.ts';
import { readKnown, registrationOf } from '../../../functions/lookup/known.ts';
import { eachLimited } from '../../../functions/lookup/workers.ts';
import type { PendingTransaction } from '../../../shared/logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../../../shared/logstores/records.ts';
import { WIDEST_WINDOWS } from '../../../shared/logstores/retention.ts';
import { recordView } from '../../../shared/logstores/view.ts';
import { appendToQueue, CALLER_RETRY } from '../../../shared/queue.ts';
import { CAUSES } from '../../../shared/record/causes.ts';
import { DISPOSITIONS } from '../../../shared/record/record.ts';
import type { SlsDataPlane } from '../../../shared/sls/types.ts';
import { DAY_MS, HOUR_MS, SECOND_MS, systemClock } from '../../../shared/time.ts';
import { type CommandLine, periodOptions, UsageError, wholeOption, wordOption } from '../arguments.ts';
import { inputFile } from '../files.ts';
import { json } from '../print.ts';
import type { World } from '../world.ts';

const TRANSACTION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** The service may answer with codes that nobody knows here. */
const CODE = /^[A-Za-z0-9_.]{1,64}$/;
const CONCURRENCY = 4;
const KNOWN_TIMEOUT_MS = 60_000;

/** `replay`: puts transactions into the queue again, with what is known of them. */
export async function replayCommand(world: World): Promise<number> {
  const { line, out, err } = world;
  const ids = await selectIds(world);
  if (line.flag('dry-run')) {
    if (line.flag('json')) out(json({ selected: ids.length, ids }));
    else out(ids.length === 0 ? NOTHING : ids.join('\n'));
    return 0;
  }
  const sls = world.sls();
  const { rows, error: unread } = await readAll(sls, ids, world.now);
  const { stored, error } = await appendToQueue(sls, rows, {
    clock: systemClock,
    random: Math.random,
    retry: CALLER_RETRY,
  });
  const queued = stored.filter(Boolean).length;
  if (rows.length < ids.length)
    err(`${ids.length - rows.length} were left out: what is known of them could not be read${why(unread)}`);
  if (error !== undefined) err(`the log store did not take all of them, run it again${why(error)}`);
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

/** Those named, all of them; or those that fit, up to a limit. */
async function selectIds(world: World): Promise<string[]> {
  const { line, err } = world;
  const nowMs = world.now();
  const named = await namedIds(line);
  const conditions = conditionsOf(line);
  const limit = wholeOption(line, 'limit', { least: 1, most: 100_000, otherwise: 1_000 });
  const { toMs = nowMs, fromMs = toMs - DAY_MS } = periodOptions(line);
  if (named === undefined) {
    if (conditions.length === 0)
      throw new UsageError('replay needs ids, or --disposition, --cause or --code');
    const ids = await queryIds(world.sls(), conditions, { fromMs, toMs, limit, nowMs });
    if (ids.length === limit) err(`these are the first ${limit}: there may be more, --limit says how many`);
    return ids;
  }
  if (conditions.length > 0) throw new UsageError('name ids or give filters, not both');
  const unused = ['from', 'to', 'limit'].find((name) => line.text(name) !== undefined);
  if (unused !== undefined) throw new UsageError(`--${unused} goes with filters, not with ids`);
  return named;
}

/** undefined when none are named. @throws UsageError */
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

/** Values stand in a query between single quotes: none of these can hold one. */
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
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly nowMs: number;
}

async function queryIds(
  sls: SlsDataPlane,
  conditions: readonly string[],
  selection: Selection,
): Promise<string[]> {
  const { fromMs, toMs, limit, nowMs } = selection;
  const view = recordView(['asked_at_ms', 'disposition', 'cause', 'code']);
  const where = [...conditions, `asked_at_ms >= ${fromMs}`, `asked_at_ms < ${toMs}`].join(' and ');
  const { rows, complete } = await sls.query(RECORDS_LOGSTORE, {
    query: `* | select transaction_id from ${view} where ${where} order by asked_at_ms limit ${limit}`,
    fromSeconds: Math.floor((fromMs - HOUR_MS) / SECOND_MS),
    toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
  });
  if (!complete) throw new Error('the log store answered in part: choose a shorter time');
  return rows.flatMap(({ transaction_id: id }) => (id !== undefined && TRANSACTION_ID.test(id) ? [id] : []));
}

/** Rows of those that could be read: a row without its labels would win over the one that has them. */
async function readAll(
  sls: SlsDataPlane,
  ids: readonly string[],
  now: () => number,
): Promise<{ rows: PendingTransaction[]; error: unknown }> {
  const rows: PendingTransaction[] = [];
  let error: unknown;
  await eachLimited(ids, CONCURRENCY, async (transactionId) => {
    const nowMs = now();
    const signal = AbortSignal.timeout(KNOWN_TIMEOUT_MS);
    const known = await readKnown(sls, transactionId, { nowMs, windows: WIDEST_WINDOWS, signal });
    error ??= known.error;
    if (known.failed) return;
    rows.push({ ...rowOf(transactionId, registrationOf(known), nowMs), kind: 'replay' });
  });
  return { rows, error };
}

function why(error: unknown): string {
  return error instanceof Error ? `: ${error.message}` : '';
}
