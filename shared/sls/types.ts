/** The types of the SLS data plane. Nothing here depends on our fields. */

/** One log: SLS has only text values. `timeSeconds` is `__time__`, unix seconds. */
export interface Log {
  timeSeconds: number;
  contents: ReadonlyArray<readonly [key: string, value: string]>;
}

/** A log whose pairs are encoded already (`encodeContents`): waiting to be written, it takes a tenth of the memory. */
export interface EncodedLog {
  timeSeconds: number;
  readonly bytes: Uint8Array;
  /** The pairs are `bytes` from `start` up to, not including, `end`. */
  readonly start: number;
  readonly end: number;
}

/** A pulled log group: the unit of cursors and checkpoints. */
export interface PulledGroup {
  /** Where this group stands (base64 of a decimal int64). */
  cursor: string;
  logs: readonly PulledLog[];
  tags: Readonly<Record<string, string>>;
}

export interface PulledLog {
  timeSeconds: number;
  contents: Readonly<Record<string, string>>;
}

export interface PullResult {
  groups: PulledGroup[];
  /** Where to continue. Equal to the requested cursor when nothing is left before the end. */
  nextCursor: string;
  /** Bytes of the response before compression. */
  rawBytes: number;
}

export interface Shard {
  shardId: number;
  status: 'readwrite' | 'readonly';
}

export interface CursorResult {
  cursor: string;
  /** The service's clock, from the Date header of its response, unix ms. */
  serverTimeMs: number;
}

export interface Checkpoint {
  shard: number;
  /** '' when none was ever set. */
  checkpoint: string;
  /** Unix ms (the wire has microseconds). */
  updateTimeMs: number;
}

export interface QueryRequest {
  /** Search, or `search | SELECT ...`. */
  query: string;
  /** `__time__` window, unix seconds, from inclusive, to exclusive. */
  fromSeconds: number;
  toSeconds: number;
  /** Search only (1..100, default 100); SQL uses LIMIT. */
  line?: number;
  offset?: number;
  /** Newest first. Search only. */
  reverse?: boolean;
}

export interface QueryResult {
  rows: Array<Record<string, string>>;
  /** False when the result was still Incomplete after all tries: rows may then be missing. */
  complete: boolean;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * The data plane of one SLS project. Every call may throw SlsError (refused), UpstreamNetworkError,
 * UpstreamTimeoutError or UpstreamContractError; none retries by itself except `query`, which repeats while
 * the result is Incomplete.
 */
export interface SlsDataPlane {
  /** All or nothing for one group. Not idempotent: after a timeout the group may have been written. */
  putLogs(logstore: string, logs: readonly (Log | EncodedLog)[], options?: CallOptions): Promise<void>;
  listShards(logstore: string, options?: CallOptions): Promise<Shard[]>;
  /** `from`: unix seconds of receive time, 'begin' or 'end'. */
  getCursor(
    logstore: string,
    shard: number,
    from: number | 'begin' | 'end',
    options?: CallOptions,
  ): Promise<CursorResult>;
  /** The receive time a cursor stands at, unix ms (whole seconds). */
  getCursorTimeMs(logstore: string, shard: number, cursor: string, options?: CallOptions): Promise<number>;
  /** Returns only groups before `endCursor`, whatever the server sends. */
  pullLogs(
    logstore: string,
    shard: number,
    request: { cursor: string; endCursor?: string; count?: number },
    options?: CallOptions,
  ): Promise<PullResult>;
  /** Tells the group which shards this consumer works on. Returns the shards that it may work on. */
  heartbeat(
    logstore: string,
    group: string,
    consumer: string,
    shards: readonly number[],
    options?: CallOptions,
  ): Promise<number[]>;
  getCheckpoints(logstore: string, group: string, options?: CallOptions): Promise<Checkpoint[]>;
  /** Fenced: refused unless `consumer` holds the shard (forceSuccess=false). */
  updateCheckpoint(
    logstore: string,
    group: string,
    checkpoint: { consumer: string; shard: number; checkpoint: string },
    options?: CallOptions,
  ): Promise<void>;
  query(logstore: string, request: QueryRequest, options?: CallOptions): Promise<QueryResult>;
}
