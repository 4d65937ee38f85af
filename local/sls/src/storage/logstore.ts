import { SlsError } from '../envelope/error.ts';
import type { IndexConfig, QueryableLogstore, StoredRow } from '../query/contract.ts';
import { decodeLogGroup, encodeTags, type Pair } from './log-group.ts';
import { Segment, type StoredGroup } from './segment.ts';
import { decodeCursor, encodeCursor, ownsKey, type Shard } from './shard.ts';

/** A logstore's settings as its API takes and shows them. */
export interface LogstoreSettings {
  ttl: number;
  enable_tracking: boolean;
  autoSplit: boolean;
  maxSplitShard: number;
  appendMeta: boolean;
  mode: string;
  telemetryType: string;
  hot_ttl?: number;
  infrequentAccessTTL?: number;
  encrypt_conf?: Record<string, unknown>;
  processorId?: string;
}

/** What is kept of a logstore beside its rows; its JSON is the durable form. */
export interface LogstoreRecord {
  readonly name: string;
  /** Names the folder of its rows: a logstore created anew under an old name starts empty. */
  readonly id: string;
  readonly createdAtSeconds: number;
  modifiedAtSeconds: number;
  settings: LogstoreSettings;
  meteringMode: string;
  shards: Shard[];
  index?: IndexConfig & Record<string, unknown>;
  indexModifiedAtSeconds?: number;
}

const DAY_MS = 86_400_000;
/** A ttl of 3650 days means "for ever". */
const FOREVER_DAYS = 3650;
/** Rows handed to the query engine at once. */
const READ_BATCH_ROWS = 2000;
/** More than a logstore here has groups. */
const EPOCH_STEP = 2 ** 32;

/** One logstore: its settings, shards, index and rows. */
export class Logstore implements QueryableLogstore {
  readonly project: string;
  readonly record: LogstoreRecord;
  readonly segment: Segment;
  readonly #clock: () => number;
  #epoch = 0;
  #nextShard = 0;

  constructor(source: { project: string; record: LogstoreRecord; segmentPath: string }, clock: () => number) {
    this.project = source.project;
    this.record = source.record;
    this.segment = new Segment(source.segmentPath);
    this.#clock = clock;
  }

  get name(): string {
    return this.record.name;
  }

  get index(): IndexConfig | undefined {
    return this.record.index;
  }

  /** What has gone because it is no longer kept, too, is no longer what was loaded. */
  get epoch(): number {
    return this.#epoch * EPOCH_STEP + this.#firstKept();
  }

  get rowCount(): number {
    return this.segment.rowCount;
  }

  /** Says that what the query engine has loaded no longer holds. */
  invalidate(): void {
    this.#epoch += 1;
  }

  async *read(fromSequence: number, toSequence: number): AsyncIterable<readonly StoredRow[]> {
    const end = Math.min(toSequence, this.rowCount);
    if (fromSequence >= end) return;
    let batch: StoredRow[] = [];
    const first = Math.max(this.segment.ordinalOfSequence(fromSequence), this.#firstKept());
    for (let ordinal = first; ; ordinal += 1) {
      if (ordinal >= this.segment.groupCount) break;
      const group = this.segment.read(ordinal);
      if (group.firstSequence >= end) break;
      for (const row of toRows(group)) {
        if (row.sequence >= fromSequence && row.sequence < end) batch.push(row);
      }
      if (batch.length >= READ_BATCH_ROWS) {
        yield batch;
        batch = [];
        // Reading is synchronous; between batches other requests get their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    if (batch.length > 0) yield batch;
  }

  /** @throws SlsError ShardNotExist */
  shard(id: number, status?: number): Shard {
    const shard = this.record.shards.find((candidate) => candidate.id === id);
    if (shard === undefined) throw new SlsError('ShardNotExist', `Shard ${id} does not exist.`, status);
    return shard;
  }

  /** The shard that takes the next write: the one that owns the key, or each in turn. */
  shardForWrite(key: string | undefined): Shard {
    const open = this.record.shards.filter((shard) => shard.status === 'readwrite');
    const shard =
      key === undefined
        ? open[this.#nextShard++ % Math.max(open.length, 1)]
        : open.find((candidate) => ownsKey(candidate, key));
    if (shard === undefined) throw new SlsError('LogStoreWithoutShard', 'the logstore has no shard.');
    return shard;
  }

  /** Stores one checked log group in a shard. */
  append(shard: Shard, group: { body: Buffer; rowCount: number; clientIp: string }): void {
    this.segment.append({
      ...group,
      shardId: shard.id,
      // A clock that is set back must not break the order of receive times.
      receivedAtMs: Math.max(this.#clock(), this.segment.lastReceivedAtMs),
      appendMeta: this.record.settings.appendMeta,
    });
  }

  /** Moves the receive times of what is stored into the past. */
  age(ms: number): void {
    this.segment.age(ms);
    this.invalidate();
  }

  /** The first position of a shard that is still kept, and the one that is written next. */
  window(shard: Shard): { begin: number; end: number } {
    const end = this.segment.countInShard(shard.id);
    return { begin: this.segment.positionAtOrAfter(shard.id, this.#keptSinceMs()), end };
  }

  /** The first group, over all shards, that is still kept. */
  #firstKept(): number {
    return this.segment.ordinalAtOrAfter(this.#keptSinceMs());
  }

  #keptSinceMs(): number {
    const { ttl } = this.record.settings;
    return ttl >= FOREVER_DAYS ? Number.NEGATIVE_INFINITY : this.#clock() - ttl * DAY_MS;
  }

  cursorAt(shard: Shard, position: number): string {
    return encodeCursor(BigInt(shard.cursorBase) + BigInt(position));
  }

  /** The number inside a cursor, as `x-log-read-last-cursor` shows it. */
  cursorNumberAt(shard: Shard, position: number): string {
    return (BigInt(shard.cursorBase) + BigInt(position)).toString();
  }

  /**
   * The position a cursor stands for.
   * @throws SlsError InvalidCursor when it is no cursor of this shard, or what it points to is no longer kept
   */
  positionOf(shard: Shard, cursor: string): number {
    const value = decodeCursor(cursor);
    const { begin, end } = this.window(shard);
    const position = value === undefined ? Number.NaN : Number(value - BigInt(shard.cursorBase));
    if (!(position >= begin && position <= end)) {
      throw new SlsError('InvalidCursor', `Invalid cursor ${cursor}.`);
    }
    return position;
  }

  /** The bytes of a group as a consumer gets them, in pieces. */
  groupForPull(shard: Shard, position: number): Buffer[] {
    const group = this.segment.read(this.segment.infoInShard(shard.id, position).ordinal);
    const tags = metaTags(group);
    return tags.length === 0 ? [group.body] : [group.body, encodeTags(tags)];
  }

  close(): void {
    this.segment.close();
  }
}

function metaTags(group: StoredGroup): Pair[] {
  if (!group.appendMeta) return [];
  return [
    ['__client_ip__', group.clientIp],
    ['__receive_time__', String(Math.floor(group.receivedAtMs / 1000))],
  ];
}

function* toRows(group: StoredGroup): IterableIterator<StoredRow> {
  const decoded = decodeLogGroup(group.body);
  const tags = [...decoded.tags, ...metaTags(group)];
  let sequence = group.firstSequence;
  for (const log of decoded.logs) {
    yield {
      sequence,
      timeSeconds: log.timeSeconds,
      ...(log.timeNsPart === undefined ? {} : { timeNsPart: log.timeNsPart }),
      receiveTimeMs: group.receivedAtMs,
      topic: decoded.topic,
      source: decoded.source,
      tags,
      contents: log.contents,
    };
    sequence += 1;
  }
}
