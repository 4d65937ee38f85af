import fs from 'node:fs';
import { join } from 'node:path';
import { FrameFile } from './frame-file.ts';

interface Entry {
  k: string;
  /** Absent: the key was deleted. */
  v?: unknown;
}

/**
 * A durable map from keys to JSON values: an append-only journal of puts and deletes, rewritten whole (to a new
 * file, then renamed) when it is opened with mostly outdated entries.
 */
export class MetaStore {
  readonly #journal: FrameFile;
  readonly #values: Map<string, unknown>;

  private constructor(journal: FrameFile, values: Map<string, unknown>) {
    this.#journal = journal;
    this.#values = values;
  }

  static open(directory: string): MetaStore {
    const path = join(directory, 'meta.journal');
    const values = new Map<string, unknown>();
    let entries = 0;
    const journal = FrameFile.open(path, (payload) => {
      const entry = JSON.parse(payload.toString('utf8')) as Entry;
      if (entry.v === undefined) values.delete(entry.k);
      else values.set(entry.k, entry.v);
      entries += 1;
    });
    if (entries <= values.size * 2 + 100) return new MetaStore(journal, values);
    journal.close();
    return new MetaStore(rewrite(path, values), values);
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  /** Entries whose key starts with `prefix`, in the order in which the keys first came. */
  *entries(prefix: string): IterableIterator<[key: string, value: unknown]> {
    for (const entry of this.#values) if (entry[0].startsWith(prefix)) yield entry;
  }

  put(key: string, value: unknown): void {
    // The copy keeps what is in memory equal to what was written, whatever the caller does to its object.
    const text = JSON.stringify({ k: key, v: value } satisfies Entry);
    this.#journal.append([Buffer.from(text)]);
    this.#values.set(key, (JSON.parse(text) as Entry).v);
  }

  delete(key: string): void {
    if (!this.#values.has(key)) return;
    this.#journal.append([Buffer.from(JSON.stringify({ k: key } satisfies Entry))]);
    this.#values.delete(key);
  }

  close(): void {
    this.#journal.close();
  }
}

function rewrite(path: string, values: ReadonlyMap<string, unknown>): FrameFile {
  const fresh = `${path}.new`;
  fs.rmSync(fresh, { force: true });
  const file = FrameFile.open(fresh, () => {});
  for (const [k, v] of values) file.append([Buffer.from(JSON.stringify({ k, v }))]);
  file.close();
  fs.renameSync(fresh, path);
  return FrameFile.open(path, () => {});
}
