import { FrameFile } from './frame-file.ts';
import { firstIndex, GrowableArray } from './growable-array.ts';

/** What is known of a stored log group without reading it. */
export interface GroupInfo {
  readonly ordinal: number;
  readonly shardId: number;
  readonly rowCount: number;
  readonly firstSequence: number;
  readonly receivedAtMs: number;
  readonly byteLength: number;
}

export interface NewGroup {
  readonly shardId: number;
  readonly rowCount: number;
  readonly receivedAtMs: number;
  readonly clientIp: string;
  /** Whether receive time and client address are shown as tags, as it was set when the group came. */
  readonly appendMeta: boolean;
  readonly body: Buffer;
}

export interface StoredGroup extends GroupInfo {
  readonly clientIp: string;
  readonly appendMeta: boolean;
  readonly body: Buffer;
}

const KIND_GROUP = 1;
const KIND_AGE = 2;
/** kind, flags, shard (4), receive time (8), rows (4), length of the address. */
const FIXED_HEADER_BYTES = 19;
const FLAG_APPEND_META = 1;

/**
 * The log groups of one logstore, in one append-only file in order of arrival, with a compact index in memory
 * (about 50 bytes a group; no row is kept). Invariants: ordinals are 0, 1, 2 ... in file order; receive times do
 * not fall; a shard's n-th group has the cursor base + n.
 *
 * Moving receive times into the past is itself a frame, which concerns every group before it.
 */
export class Segment {
  readonly #file: FrameFile;
  readonly #offsets = new GrowableArray('float64');
  readonly #lengths = new GrowableArray('uint32');
  readonly #shards = new GrowableArray('uint32');
  readonly #rowCounts = new GrowableArray('uint32');
  readonly #firstSequences = new GrowableArray('float64');
  readonly #receiveTimes = new GrowableArray('float64');
  /** Per shard the ordinals of its groups. */
  readonly #byShard = new Map<number, GrowableArray>();
  #rowCount = 0;

  constructor(path: string) {
    this.#file = FrameFile.open(path, (payload, offset) => this.#replay(payload, offset));
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get groupCount(): number {
    return this.#offsets.length;
  }

  get lastReceivedAtMs(): number {
    return this.groupCount === 0 ? 0 : this.#receiveTimes.at(this.groupCount - 1);
  }

  #replay(payload: Buffer, offset: number): void {
    if (payload[0] === KIND_AGE) {
      this.#shiftReceiveTimes(payload.readDoubleLE(1));
      return;
    }
    this.#index(offset, {
      byteLength: payload.length,
      shardId: payload.readUInt32LE(2),
      receivedAtMs: payload.readDoubleLE(6),
      rowCount: payload.readUInt32LE(14),
    });
  }

  #index(
    offset: number,
    group: { byteLength: number; shardId: number; receivedAtMs: number; rowCount: number },
  ): void {
    const ordinal = this.groupCount;
    this.#offsets.push(offset);
    this.#lengths.push(group.byteLength);
    this.#shards.push(group.shardId);
    this.#rowCounts.push(group.rowCount);
    this.#firstSequences.push(this.#rowCount);
    this.#receiveTimes.push(group.receivedAtMs);
    this.#ordinalsOf(group.shardId).push(ordinal);
    this.#rowCount += group.rowCount;
  }

  #ordinalsOf(shardId: number): GrowableArray {
    let ordinals = this.#byShard.get(shardId);
    if (ordinals === undefined) {
      ordinals = new GrowableArray('uint32');
      this.#byShard.set(shardId, ordinals);
    }
    return ordinals;
  }

  /** Appends a group; when this returns, it outlives the process. */
  append(group: NewGroup): void {
    const address = Buffer.from(group.clientIp, 'latin1').subarray(0, 255);
    const header = Buffer.alloc(FIXED_HEADER_BYTES);
    header[0] = KIND_GROUP;
    header[1] = group.appendMeta ? FLAG_APPEND_META : 0;
    header.writeUInt32LE(group.shardId, 2);
    header.writeDoubleLE(group.receivedAtMs, 6);
    header.writeUInt32LE(group.rowCount, 14);
    header[18] = address.length;
    const offset = this.#file.append([header, address, group.body]);
    this.#index(offset, {
      byteLength: FIXED_HEADER_BYTES + address.length + group.body.length,
      shardId: group.shardId,
      receivedAtMs: group.receivedAtMs,
      rowCount: group.rowCount,
    });
  }

  /** Moves the receive time of every group stored so far into the past. */
  age(ms: number): void {
    const payload = Buffer.alloc(9);
    payload[0] = KIND_AGE;
    payload.writeDoubleLE(ms, 1);
    this.#file.append([payload]);
    this.#shiftReceiveTimes(ms);
  }

  #shiftReceiveTimes(ms: number): void {
    for (let i = 0; i < this.groupCount; i += 1) this.#receiveTimes.set(i, this.#receiveTimes.at(i) - ms);
  }

  countInShard(shardId: number): number {
    return this.#byShard.get(shardId)?.length ?? 0;
  }

  /** The group at a position within a shard. */
  infoInShard(shardId: number, position: number): GroupInfo {
    return this.info(this.#ordinalsOf(shardId).at(position));
  }

  /** The first position in a shard whose group was received at or after a time. */
  positionAtOrAfter(shardId: number, receivedAtMs: number): number {
    const ordinals = this.#byShard.get(shardId);
    if (ordinals === undefined) return 0;
    return firstIndex(0, ordinals.length, (i) => this.#receiveTimes.at(ordinals.at(i)) >= receivedAtMs);
  }

  /** The first group, over all shards, that was received at or after a time. */
  ordinalAtOrAfter(receivedAtMs: number): number {
    return firstIndex(0, this.groupCount, (i) => this.#receiveTimes.at(i) >= receivedAtMs);
  }

  /** The ordinal of the group that holds a row. */
  ordinalOfSequence(sequence: number): number {
    return firstIndex(0, this.groupCount, (i) => this.#firstSequences.at(i) > sequence) - 1;
  }

  info(ordinal: number): GroupInfo {
    return {
      ordinal,
      shardId: this.#shards.at(ordinal),
      rowCount: this.#rowCounts.at(ordinal),
      firstSequence: this.#firstSequences.at(ordinal),
      receivedAtMs: this.#receiveTimes.at(ordinal),
      byteLength: this.#lengths.at(ordinal),
    };
  }

  /** Reads one group from the file. */
  read(ordinal: number): StoredGroup {
    const payload = this.#file.read(this.#offsets.at(ordinal), this.#lengths.at(ordinal));
    const bodyStart = FIXED_HEADER_BYTES + (payload[18] ?? 0);
    return {
      ...this.info(ordinal),
      clientIp: payload.toString('latin1', FIXED_HEADER_BYTES, bodyStart),
      appendMeta: ((payload[1] ?? 0) & FLAG_APPEND_META) !== 0,
      body: payload.subarray(bodyStart),
    };
  }

  close(): void {
    this.#file.close();
  }
}
