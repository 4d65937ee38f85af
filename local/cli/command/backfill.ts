import { createReadStream } from 'node:fs';
import { appendFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { onePositional, UsageError, wholeOption } from '../arguments.ts';
import { type FileKind, readItems } from '../backfill/items.ts';
import {
  type BackfillProgress,
  fingerprintOf,
  isSameFile,
  readProgress,
  writeProgress,
} from '../backfill/progress-file.ts';
import { runBackfill } from '../backfill/run.ts';
import { bar, duration, json } from '../print.ts';
import type { World } from '../world.ts';

/** More would scroll everything else away; --rejects has them all. */
const MAX_PRINTED_REJECTS = 50;

/** `backfill FILE`: registers every line of a file, from where an earlier run has come. */
export async function backfillCommand(world: World): Promise<number> {
  const { line, out, err } = world;
  const path = onePositional(line, 'file');
  const kind = kindOf(path);
  const statePath = line.text('state') ?? `${path}.progress.json`;
  const { size } = await stat(path);
  const start = await startFrom(world, path, statePath);
  if (start.finished && start.offset >= size) {
    err(
      `${path} is finished: ${start.registered} registered, ${start.rejected} left out. --again begins anew.`,
    );
    if (line.flag('json')) out(json(summary(start, start, 0)));
    return 0;
  }
  if (start.offset > 0) err(`going on at line ${start.line}: ${start.registered} are registered already`);
  const startedAtMs = world.now();
  const show = progressBar(world, size, start);
  const done = await runBackfill({
    items: readItems({
      kind,
      open: (offset) => createReadStream(path, { start: offset }),
      startOffset: start.offset,
      startLine: start.line,
      nowMs: world.now,
    }),
    start: { ...start, finished: false },
    api: world.api,
    batchSize: wholeOption(line, 'batch', { least: 1, most: 1_000, otherwise: 200 }),
    rate: wholeOption(line, 'rate', { least: 1, most: 100_000, otherwise: 200 }),
    now: world.now,
    sleep: (ms) => sleep(ms),
    save: (progress) => writeProgress(statePath, progress),
    reject: rejecter(world),
    onProgress: show,
    stopped: world.stopped,
  });
  if (world.terminal) err('');
  if (!done.finished) err(`stopped at line ${done.line}; run it again to go on`);
  out(
    line.flag('json')
      ? json(summary(start, done, world.now() - startedAtMs))
      : `${done.registered} registered, ${done.rejected} left out`,
  );
  return done.finished ? 0 : 1;
}

function kindOf(path: string): FileKind {
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  throw new UsageError('the file must end in .csv or .ndjson');
}

async function startFrom({ line }: World, path: string, statePath: string): Promise<BackfillProgress> {
  const fresh: BackfillProgress = {
    version: 1,
    fingerprint: await fingerprintOf(path),
    offset: 0,
    line: 1,
    registered: 0,
    rejected: 0,
    finished: false,
  };
  if (line.flag('again')) return fresh;
  const before = await readProgress(statePath);
  if (before === undefined) return fresh;
  if (await isSameFile(path, before.fingerprint)) return before;
  throw new Error(
    `${statePath} speaks of another file: ${path} begins differently now. --again begins anew.`,
  );
}

function rejecter({ line, err }: World): (lineNumber: number, reason: string) => Promise<void> {
  const file = line.text('rejects');
  let printed = 0;
  return async (lineNumber, reason) => {
    printed += 1;
    if (printed <= MAX_PRINTED_REJECTS) err(`line ${lineNumber} is left out: ${reason}`);
    if (printed === MAX_PRINTED_REJECTS + 1) err('more lines are left out; --rejects FILE keeps them all');
    if (file !== undefined) await appendFile(file, `${JSON.stringify({ line: lineNumber, reason })}\n`);
  };
}

function progressBar({ terminal, err, now }: World, size: number, start: BackfillProgress) {
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
    rejected: done.rejected,
    finished: done.finished,
    resumedAtLine: start.offset === 0 ? null : start.line,
    registeredNow: done.registered - start.registered,
    durationMs,
  };
}
