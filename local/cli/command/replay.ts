import { readFile } from 'node:fs/promises';
import { rowOf } from '../../../functions/lookup/enqueue.ts';
import { readKnown, registrationOf } from '../../../functions/lookup/known.ts';
import { safeParseInstant } from '../../../functions/lookup/request-schema.ts';
import { eachLimited } from '../../../functions/lookup/workers.ts';
import type { PendingTransaction } from '../../../shared/pending.ts';
import { RECORDS_LOGSTORE } from '../../../shared/record/record-fields.ts';
import { storePending } from '../../../shared/register.ts';
import type { SlsDataPlane } from '../../../shared/sls/types.ts';
import { DAY_MS, HOUR_MS, SECOND_MS, systemClock } from '../../../shared/time.ts';
import { recordView } from '../../../shared/view.ts';
import { type CommandLine, UsageError, wholeOption } from '../arguments.ts';
import { json } from '../print.ts';
import type { World } from '../world.ts';

const TRANSACTION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Values stand in a query between single quotes: none of these can hold one. */
const FILTERS = {
  disposition: /^(answered|not_completed|invalid|expired|gave_up)$/,
  cause: /^[a-z_]{1,40}$/,
  code: /^[A-Za-z0-9_.]{1,64}$/,
} as const;
const CONCURRENCY = 4;
const KNOWN_TIMEOUT_MS = 60_000;

/** `replay`: puts transactions into the queue again, with what is known of them. */
export async function replayCommand(world: World): Promise<number> {
  const { line, out, err } = world;
  const limit = wholeOption(line, 'limit', { least: 1, most: 100_000, otherwise: 1_000 });
  const sls = world.sls();
  const ids = await selectIds(world, sls, limit);
  if (line.flag('dry-run')) {
    out(line.flag('json') ? json({ selected: ids.length, ids }) : ids.join('\n'));
    return 0;
  }
  const { rows, error: unread } = await readAll(sls, ids, world.now);
  const { stored, error } = await storePending(sls, rows, { clock: systemClock, random: Math.random });
  const queued = stored.filter(Boolean).length;
  if (rows.length < ids.length)
    err(`${ids.length - rows.length} were left out: what is known of them could not be read${why(unread)}`);
  if (error !== undefined) err(`the log store did not take all of them, run it again${why(error)}`);
  out(
    line.flag('json')
      ? json({ selected: ids.length, queued, failed: ids.length - queued })
      : `${queued} of ${ids.length} queued again; they are asked about in half an hour`,
  );
  return queued === ids.length ? 0 : 1;
}

async function selectIds({ line, now }: World, sls: SlsDataPlane, limit: number): Promise<string[]> {
  const file = line.text('file');
  const named = [
    ...line.positionals,
    ...(file === undefined ? [] : (await readFile(file, 'utf8')).split(/\s+/)),
  ];
  const ids = [...new Set(named.filter((id) => id !== ''))];
  const wrong = ids.find((id) => !TRANSACTION_ID.test(id));
  if (wrong !== undefined) throw new UsageError(`"${wrong.slice(0, 80)}" is not a transaction id`);
  const conditions = conditionsOf(line);
  if (ids.length > 0 && conditions.length > 0) throw new UsageError('name ids or give filters, not both');
  if (ids.length > 0) return ids.slice(0, limit);
  if (conditions.length === 0) throw new UsageError('replay needs ids, or --disposition, --cause or --code');
  return queryIds(sls, conditions, { ...periodOf(line, now()), limit, nowMs: now() });
}

function conditionsOf(line: CommandLine): string[] {
  return Object.entries(FILTERS).flatMap(([name, pattern]) => {
    const value = line.text(name);
    if (value === undefined) return [];
    if (!pattern.test(value)) throw new UsageError(`--${name} cannot be "${value.slice(0, 80)}"`);
    return [`${name} = '${value}'`];
  });
}

function periodOf(line: CommandLine, nowMs: number): { fromMs: number; toMs: number } {
  const read = (name: string, otherwise: number) => {
    const text = line.text(name);
    if (text === undefined) return otherwise;
    const parsed = /^[\dTZ:.+-]+$/.test(text) ? safeParseInstant(text, name) : { ok: false as const };
    if (!parsed.ok) throw new UsageError(`--${name} must be unix ms, or ISO 8601 with a zone`);
    return parsed.value;
  };
  const toMs = read('to', nowMs);
  const fromMs = read('from', toMs - DAY_MS);
  if (fromMs >= toMs) throw new UsageError('--from must be before --to');
  return { fromMs, toMs };
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
    const known = await readKnown(sls, transactionId, { nowMs, signal });
    error ??= known.error;
    if (known.failed) return;
    rows.push({ ...rowOf(transactionId, registrationOf(known), nowMs), kind: 'replay' });
  });
  return { rows, error };
}

function why(error: unknown): string {
  return error instanceof Error ? `: ${error.message}` : '';
}
