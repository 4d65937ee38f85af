import { createReadStream } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inputFile, onePositional, UsageError, wholeOption } from './arguments.ts';
import { type FileKind, type ItemsOptions, readItems } from './backfill-items.ts';
import {
  type BackfillProgress,
  fingerprintOf,
  isSameFile,
  readProgress,
  runBackfill,
  writeProgress,
} from './backfill-run.ts';
import type { CliContext } from './context.ts';
import { bar, duration, json } from './print.ts';

/** More would scroll everything else out of sight; --rejects keeps them all. */
const MAX_PRINTED_REJECTS = 50;

/** `backfill FILE`: registers every line of a file, from where an earlier run stopped. */
export async function backfillCommand(context: CliContext): Promise<number> {
  const { line, out, err } = context;
  const path = onePositional(line, 'file');
  const kind = kindOf(path);
  const statePath = line.text('state') ?? `${path}.progress.json`;
  const rejectsPath = line.text('rejects');
  expectOtherFiles({ FILE: path, '--state': statePath, '--rejects': rejectsPath });
  const batchSize = wholeOption(line, 'batch', { min: 1, max: 1_000, default: 200 });
  const rate = wholeOption(line, 'rate', { min: 1, max: 100_000, default: 200 });
  const { size } = await inputFile(path);
  const start = await startFrom(context, path, statePath);
  if (start.finished && start.offset >= size) {
    err(`${path} is finished: ${describe(start)}. --again starts over.`);
    if (line.flag('json')) out(json(summary(start, start, 0)));
    return exitCodeOf(start);
  }
  if (start.offset > 0) err(`going on at line ${start.line}: ${start.registered} are registered already`);
  const startedAtMs = context.now();
  const show = progressBar(context, size, start);
  // Both are written before anything is sent: if one cannot be, the run fails now and not later.
  await writeProgress(statePath, { ...start, finished: false });
  if (rejectsPath !== undefined && start.offset === 0) await writeFile(rejectsPath, '');
  const source = {
    kind,
    open: (offset: number) => createReadStream(path, { start: offset }),
    nowMs: context.now,
  };
  const done = await runBackfill({
    items: readItems({ ...source, startOffset: start.offset, startLine: start.line }),
    start: { ...start, finished: false },
    seen: await transactionsBefore(source, start.offset),
    api: context.api,
    batchSize,
    rate,
    now: context.now,
    sleep: (ms) => sleep(ms),
    save: (progress) => writeProgress(statePath, progress),
    reject: rejecter(context, rejectsPath),
    onProgress: show,
    stopped: context.stopped,
  });
  if (context.terminal) err('');
  if (!done.finished) err(`stopped at line ${done.line}; run it again to go on`);
  out(line.flag('json') ? json(summary(start, done, context.now() - startedAtMs)) : describe(done));
  return exitCodeOf(done);
}

function describe({ registered, duplicates, rejected }: BackfillProgress): string {
  const again = duplicates === 0 ? '' : ` (${duplicates} of them had been on an earlier line)`;
  return `${registered} registered${again}, ${rejected} left out`;
}

/** What a shell reports of a program that SIGINT has ended. */
const STOPPED = 130;

function exitCodeOf({ finished, rejected }: BackfillProgress): number {
  if (!finished) return STOPPED;
  return rejected > 0 ? 1 : 0;
}

/** @throws UsageError when two of them are the same file: one would be overwritten */
function expectOtherFiles(files: Readonly<Record<string, string | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [name, path] of Object.entries(files)) {
    if (path === undefined) continue;
    const other = seen.get(resolve(path));
    if (other !== undefined) throw new UsageError(`${name} must be another file than ${other}`);
    seen.set(resolve(path), name);
  }
}

/** Transactions of earlier runs: one may occur again long after its first line. */
async function transactionsBefore(
  source: Pick<ItemsOptions, 'kind' | 'open' | 'nowMs'>,
  offset: number,
): Promise<Set<string>> {
  const seen = new Set<string>();
  if (offset === 0) return seen;
  for await (const { outcome, endOffset } of readItems({ ...source, startOffset: 0, startLine: 1 })) {
    if (endOffset > offset) break;
    if (outcome.ok) seen.add(outcome.transactionId);
  }
  return seen;
}

function kindOf(path: string): FileKind {
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  throw new UsageError('the file must end in .csv or .ndjson');
}

async function startFrom({ line }: CliContext, path: string, statePath: string): Promise<BackfillProgress> {
  const fresh: BackfillProgress = {
    version: 1,
    fingerprint: await fingerprintOf(path),
    offset: 0,
    line: 1,
    registered: 0,
    rejected: 0,
    duplicates: 0,
    finished: false,
  };
  if (line.flag('again')) return fresh;
  const before = await readProgress(statePath);
  if (before === undefined || before.offset === 0) return fresh;
  if (await isSameFile(path, before.fingerprint)) return before;
  throw new Error(
    `${statePath} belongs to another file: ${path} begins differently now. --again starts over.`,
  );
}

function rejecter(
  { err }: CliContext,
  file: string | undefined,
): (lineNumber: number, reason: string) => Promise<void> {
  let printed = 0;
  return async (lineNumber, reason) => {
    printed += 1;
    if (printed <= MAX_PRINTED_REJECTS) err(`line ${lineNumber} is left out: ${reason}`);
    if (printed === MAX_PRINTED_REJECTS + 1) err('more lines are left out; --rejects FILE keeps them all');
    if (file !== undefined) await appendFile(file, `${JSON.stringify({ line: lineNumber, reason })}\n`);
  };
}

function progressBar({ terminal, err, now }: CliContext, size: number, start: BackfillProgress) {
  const startedAtMs = now();
  return (progress: BackfillProgress): void => {
    if (!terminal) return;
    const share = size === 0 ? 1 : progress.offset / size;
    const done = progress.offset - start.offset;
    const leftMs = done === 0 ? 0 : ((size - progress.offset) / done) * (now() - startedAtMs);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    err(`\r${bar(share)} ${percent}  ${progress.registered} registered, ${duration(leftMs)} left   \u0000`);
  };
}

function summary(start: BackfillProgress, done: BackfillProgress, durationMs: number) {
  return {
    registered: done.registered,
    duplicates: done.duplicates,
    rejected: done.rejected,
    finished: done.finished,
    resumedAtLine: start.offset === 0 ? null : start.line,
    registeredNow: done.registered - start.registered,
    durationMs,
  };
}
