import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';

/**
 * How far a backfill has come: behind which byte everything has been stored or left out. It is replaced whole, by
 * renaming a file that is already on the disk, so that a run that is killed leaves either the old or the new one.
 */
export interface BackfillProgress {
  readonly version: 1;
  /** Which file it speaks of: the hash of its first bytes. A file may grow, but not change there. */
  readonly fingerprint: string;
  readonly offset: number;
  /** Line that the offset stands on, from 1. */
  readonly line: number;
  readonly registered: number;
  readonly rejected: number;
  /** Of those registered: lines of a transaction that an earlier line had. */
  readonly duplicates: number;
  readonly finished: boolean;
}

const FINGERPRINT_BYTES = 4_096;

/** At most `length` bytes count, so that a small file may grow and still be the same. */
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

/** undefined when there is none. @throws Error when it cannot be understood */
export async function readProgress(path: string): Promise<BackfillProgress | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const progress = safeParse(text);
  if (progress === undefined) throw new Error(`${path} is not a progress file; delete it to begin anew`);
  return progress;
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

function safeParse(text: string): BackfillProgress | undefined {
  try {
    const value = JSON.parse(text);
    const counts = [value.offset, value.line, value.registered, value.rejected, value.duplicates];
    const sane = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
    return value.version === 1 && sane && typeof value.fingerprint === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
