import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import type { RegisterResponse } from '../../shared/api/responses.ts';
import { type Api, ApiError } from './api.ts';
import type { Item } from './backfill-items.ts';

/**
 * Sends the lines of a file in batches, one after the other. A batch is done when each of its lines has been stored or
 * left out for good; only then does the progress move past it. A run that dies before that sends the batch again: a
 * line may be sent more than once, but none is missed.
 */
interface BackfillOptions {
  readonly items: AsyncIterable<Item>;
  readonly start: BackfillProgress;
  /** Transactions of the lines before `start`; those stored here are added. */
  readonly seen: Set<string>;
  readonly api: Pick<Api, 'call'>;
  readonly batchSize: number;
  /** Transactions per second. */
  readonly rate: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly save: (progress: BackfillProgress) => Promise<void>;
  readonly reject: (line: number, reason: string) => Promise<void>;
  readonly onProgress: (progress: BackfillProgress) => void;
  /** Ends between two batches. */
  readonly stopped: () => boolean;
}

/** How often a batch is sent as long as a part of it is not stored. */
const STORE_ATTEMPTS = 8;
const STORE_WAIT_MS = 2_000;

/** @throws ApiError when the API refuses a batch or cannot be reached for long */
export async function runBackfill(options: BackfillOptions): Promise<BackfillProgress> {
  let progress = options.start;
  const pace = createPace(options);
  for await (const batch of batchesOf(options.items, options.batchSize)) {
    if (options.stopped()) return progress;
    progress = await sendBatch(options, progress, batch);
    await options.save(progress);
    options.onProgress(progress);
    await pace(batch.length);
  }
  progress = { ...progress, finished: true };
  await options.save(progress);
  options.onProgress(progress);
  return progress;
}

async function* batchesOf(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

interface Waiting {
  readonly line: number;
  readonly transactionId: string;
  readonly transaction: object;
}

async function sendBatch(
  options: BackfillOptions,
  progress: BackfillProgress,
  batch: readonly Item[],
): Promise<BackfillProgress> {
  const waiting: Waiting[] = [];
  const bad: Array<{ line: number; reason: string }> = [];
  for (const { line, outcome } of batch) {
    if (outcome.ok) waiting.push({ line, ...outcome });
    else bad.push({ line, reason: outcome.reason });
  }
  bad.push(...(await storeAll(options, waiting)));
  const badLines = new Set(bad.map(({ line }) => line));
  let duplicates = 0;
  for (const { line, transactionId } of waiting) {
    if (badLines.has(line)) continue;
    if (options.seen.has(transactionId)) duplicates += 1;
    options.seen.add(transactionId);
  }
  for (const { line, reason } of bad.sort((one, other) => one.line - other.line))
    await options.reject(line, reason);
  const last = batch.at(-1);
  return {
    ...progress,
    offset: last?.endOffset ?? progress.offset,
    line: last === undefined ? progress.line : last.endLine + 1,
    registered: progress.registered + batch.length - bad.length,
    rejected: progress.rejected + bad.length,
    duplicates: progress.duplicates + duplicates,
  };
}

/** Returns the lines that the server refuses; the others are stored when this returns. */
async function storeAll(
  options: BackfillOptions,
  all: readonly Waiting[],
): Promise<Array<{ line: number; reason: string }>> {
  const bad: Array<{ line: number; reason: string }> = [];
  let waiting = all;
  for (let attempt = 1; waiting.length > 0; attempt += 1) {
    const { accepted, rejected } = await post(options, waiting);
    const notStored = new Set(
      rejected.filter(({ reason }) => reason === 'not_stored').map(({ index }) => index),
    );
    for (const { index, reason, issues } of rejected) {
      const line = waiting[index]?.line;
      if (reason !== 'invalid' || line === undefined) continue;
      bad.push({ line, reason: (issues ?? []).map((issue) => issue.message).join('; ') || 'was refused' });
    }
    const sent = waiting.length;
    waiting = waiting.filter((_, index) => notStored.has(index));
    if (accepted + rejected.length !== sent)
      throw new ApiError('the API did not account for every transaction of a batch', { status: 400 });
    if (waiting.length === 0) break;
    if (attempt >= STORE_ATTEMPTS) throw new ApiError('SLS does not accept registrations', {});
    await options.sleep(STORE_WAIT_MS);
  }
  return bad;
}

async function post({ api }: BackfillOptions, waiting: readonly Waiting[]): Promise<RegisterResponse> {
  const transactions = waiting.map(({ transaction }) => transaction);
  try {
    return await api.call<RegisterResponse>('POST', '/v1/transactions', { body: { transactions } });
  } catch (error) {
    // The server refused the whole batch: the issues say why, line by line.
    const refused = error instanceof ApiError && error.status === 400 && error.code === 'INPUT_INVALID';
    if (!refused) throw error;
    const issues = error.problem?.issues ?? [];
    return {
      accepted: 0,
      dueAt: '',
      rejected: waiting.map((_, index) => ({
        index,
        reason: 'invalid' as const,
        issues: issues.filter(({ path }) => path.startsWith(`transactions[${index}]`)),
      })),
    };
  }
}

/** Spaces batches to keep to the rate; lost time is not made up for. */
function createPace({ rate, now, sleep }: BackfillOptions): (count: number) => Promise<void> {
  let dueAtMs = now();
  return async (count) => {
    dueAtMs = Math.max(dueAtMs + (count / rate) * 1_000, now());
    const waitMs = dueAtMs - now();
    if (waitMs > 0) await sleep(waitMs);
  };
}

const count = z.int().nonnegative();

/**
 * How far a backfill has come: the byte up to which every line has been stored or left out. The file is replaced whole,
 * by renaming one that is already on disk: a run that is killed leaves either the old or the new one.
 */
const progressSchema = z
  .object({
    version: z.literal(1),
    /** Identifies the input file: the hash of its first bytes. The file may grow, but not change there. */
    fingerprint: z.string(),
    offset: count,
    /** The line at that offset, from 1. */
    line: count,
    registered: count,
    rejected: count,
    /** Of those registered: lines whose transaction an earlier line had. */
    duplicates: count,
    finished: z.boolean(),
  })
  .readonly();
export type BackfillProgress = z.infer<typeof progressSchema>;

const FINGERPRINT_BYTES = 4_096;

/** Only the first bytes count: a file may grow and still be the same. */
export async function fingerprintOf(path: string, length = FINGERPRINT_BYTES): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, 0);
    return `${bytesRead}-${createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32)}`;
  } finally {
    await file.close();
  }
}

/** Whether the file still begins as it did when the progress was written. */
export async function isSameFile(path: string, fingerprint: string): Promise<boolean> {
  const length = Number.parseInt(fingerprint, 10);
  return (
    Number.isSafeInteger(length) &&
    length <= FINGERPRINT_BYTES &&
    (await fingerprintOf(path, length)) === fingerprint
  );
}

/** Returns undefined when there is none. @throws Error when it is not a progress file */
export async function readProgress(path: string): Promise<BackfillProgress | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return progressSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not a progress file; delete it to start over`, { cause });
  }
}

export async function writeProgress(path: string, progress: BackfillProgress): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(`${JSON.stringify(progress)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
