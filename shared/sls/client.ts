import { SlsError, UpstreamContractError } from '../errors.ts';
import { backoffMs } from '../retry.ts';
import { type Clock, SECOND_MS, systemClock } from '../time.ts';
import {
  createSlsCaller,
  jsonOf,
  one,
  type SlsCaller,
  type SlsCallerOptions,
  type SlsResponse,
} from './call.ts';
import { COMPRESS_TYPE, compress, withEncoded } from './codec.ts';
import { readPull } from './cursor.ts';
import type { Checkpoint, QueryResult, Shard, SlsDataPlane } from './types.ts';

/** The maximum body of PutLogs before compression. SLS: "Body size X must little than 10485760". */
const MAX_PUT_BYTES = 10_485_760;

export interface SlsClientOptions extends SlsCallerOptions {
  /** For the pauses between the tries of an incomplete query. */
  readonly clock?: Pick<Clock, 'sleep'>;
  readonly random?: () => number;
}

/** The data plane of one project. Opens no connection before the first call. */
export function createSlsClient(options: SlsClientOptions): SlsDataPlane {
  const { clock = systemClock, random = Math.random } = options;
  const call = createSlsCaller(options);
  return {
    ...putAndPull(call),
    ...cursors(call),
    ...consumerGroup(call),
    ...search({ call, clock, random }),
  };
}

const pathOf = (logstore: string, rest: string) => `/logstores/${encodeURIComponent(logstore)}${rest}`;

function putAndPull(call: SlsCaller): Pick<SlsDataPlane, 'putLogs' | 'pullLogs'> {
  return {
    async putLogs(logstore, logs, callOptions) {
      const { body, rawSize } = await withEncoded({ logs }, async (raw) => {
        if (raw.length > MAX_PUT_BYTES) throw tooLarge(raw.length);
        return { body: await compress(raw), rawSize: raw.length };
      });
      const headers = {
        'content-type': 'application/x-protobuf',
        'x-log-compresstype': COMPRESS_TYPE,
        'x-log-bodyrawsize': String(rawSize),
      };
      const path = pathOf(logstore, '/shards/lb');
      const response = await call({ action: 'PutLogs', method: 'POST', path, headers, body }, callOptions);
      requireAcknowledgement(response);
    },

    async pullLogs(logstore, shard, { cursor, endCursor, count = 100 }, callOptions) {
      const response = await call(
        {
          action: 'PullLogs',
          method: 'GET',
          path: pathOf(logstore, `/shards/${shard}`),
          query: {
            type: 'logs',
            cursor,
            count: String(count),
            ...(endCursor === undefined ? {} : { end_cursor: endCursor }),
          },
          headers: { accept: 'application/x-protobuf', 'Accept-Encoding': 'gzip' },
        },
        callOptions,
      );
      return readPull(response, { cursor, ...(endCursor === undefined ? {} : { endCursor }) });
    },
  };
}

/**
 * SLS acknowledges a write by 200 with an empty body. A proxy's page with status 200 is no acknowledgement: the rows
 * are then not stored. @throws UpstreamContractError
 */
function requireAcknowledgement(response: SlsResponse): void {
  if (response.body.length === 0) return;
  const body = jsonOf(response);
  if (typeof body !== 'object' || body === null || 'errorCode' in body) {
    throw new UpstreamContractError(`${response.name}: expected an acknowledgement`);
  }
}

function tooLarge(size: number): SlsError {
  return new SlsError(413, 'PostBodyTooLarge', `${size} bytes were not sent: the limit is ${MAX_PUT_BYTES}`);
}

function cursors(call: SlsCaller): Pick<SlsDataPlane, 'listShards' | 'getCursor' | 'getCursorTimeMs'> {
  return {
    async listShards(logstore, callOptions) {
      const path = pathOf(logstore, '/shards');
      return listOf(await call({ action: 'ListShards', method: 'GET', path }, callOptions)).map(toShard);
    },

    async getCursor(logstore, shard, from, callOptions) {
      const path = pathOf(logstore, `/shards/${shard}`);
      const query = { type: 'cursor', from: String(from) };
      const response = await call({ action: 'GetCursor', method: 'GET', path, query }, callOptions);
      const cursor = memberOf(jsonOf(response), 'cursor');
      const serverTimeMs = Date.parse(one(response.headers.date) ?? '');
      if (typeof cursor !== 'string' || cursor === '') {
        throw new UpstreamContractError(`${response.name} returned no cursor`);
      }
      if (Number.isNaN(serverTimeMs))
        throw new UpstreamContractError(`${response.name} returned no Date header`);
      return { cursor, serverTimeMs };
    },

    async getCursorTimeMs(logstore, shard, cursor, callOptions) {
      const path = pathOf(logstore, `/shards/${shard}`);
      const query = { type: 'cursor_time', cursor };
      const response = await call({ action: 'GetCursorTime', method: 'GET', path, query }, callOptions);
      return integerOf(response.name, jsonOf(response), 'cursor_time') * SECOND_MS;
    },
  };
}

function consumerGroup(
  call: SlsCaller,
): Pick<SlsDataPlane, 'heartbeat' | 'getCheckpoints' | 'updateCheckpoint'> {
  const groupPath = (logstore: string, group: string) =>
    pathOf(logstore, `/consumergroups/${encodeURIComponent(group)}`);
  return {
    async heartbeat(logstore, group, consumer, shards, callOptions) {
      const response = await call(
        {
          action: 'ConsumerGroupHeartBeat',
          method: 'POST',
          path: groupPath(logstore, group),
          query: { type: 'heartbeat', consumer },
          body: shards,
        },
        callOptions,
      );
      // The documents show an array; without a body, no shard was given.
      if (response.body.length === 0) return [];
      return listOf(response).map(({ name, item }) => wholeNumber(name, 'shard', item));
    },

    async getCheckpoints(logstore, group, callOptions) {
      const path = groupPath(logstore, group);
      const response = await call({ action: 'GetCheckPoint', method: 'GET', path }, callOptions);
      return listOf(response).map(toCheckpoint);
    },

    async updateCheckpoint(logstore, group, { consumer, shard, checkpoint }, callOptions) {
      const response = await call(
        {
          action: 'ConsumerGroupUpdateCheckPoint',
          method: 'POST',
          path: groupPath(logstore, group),
          query: { type: 'checkpoint', consumer, forceSuccess: 'false' },
          body: { shard, checkpoint },
        },
        callOptions,
      );
      requireAcknowledgement(response);
    },
  };
}

/**
 * GetLogsV2 returns `Incomplete` when it ran out of time or met too much data; the same call then continues from what
 * is cached. The official libraries repeat it 5 to 20 times.
 * https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-getlogsv2 (read 2026-11-23)
 */
const MAX_QUERY_TRIES = 8;
const QUERY_BACKOFF = { baseMs: 400, capMs: 2_000 };

interface SearchDeps {
  readonly call: SlsCaller;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: () => number;
}

function search({ call, clock, random }: SearchDeps): Pick<SlsDataPlane, 'query'> {
  return {
    async query(logstore, { query, fromSeconds: from, toSeconds: to, line, offset, reverse }, callOptions) {
      const path = pathOf(logstore, '/logs');
      const headers = { 'Accept-Encoding': 'gzip' };
      const body = { from, to, query, line, offset, reverse };
      for (let tries = 1; ; tries += 1) {
        const response = await call(
          { action: 'GetLogsV2', method: 'POST', path, headers, body },
          callOptions,
        );
        const result = toQueryResult(response);
        if (result.complete || tries === MAX_QUERY_TRIES) return result;
        await clock.sleep(backoffMs(tries, QUERY_BACKOFF, random), callOptions?.signal);
      }
    },
  };
}

function toQueryResult(response: SlsResponse): QueryResult {
  const { meta, data } = (jsonOf(response) ?? {}) as { meta?: { progress?: unknown }; data?: unknown };
  const progress = meta?.progress;
  if (!Array.isArray(data) || (progress !== 'Complete' && progress !== 'Incomplete')) {
    throw new UpstreamContractError(`${response.name}: expected rows and a progress`);
  }
  return { rows: data.map((row) => toRow(response.name, row)), complete: progress === 'Complete' };
}

function toRow(name: string, row: unknown): Record<string, string> {
  if (typeof row !== 'object' || row === null) {
    throw new UpstreamContractError(`${name}: expected each row to be an object, got ${typeOf(row)}`);
  }
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** One element of the array that a call returned. */
interface Item {
  readonly name: string;
  readonly item: unknown;
}

function listOf(response: SlsResponse): Item[] {
  const { name } = response;
  const list = jsonOf(response);
  if (!Array.isArray(list))
    throw new UpstreamContractError(`${name}: expected an array, got ${typeOf(list)}`);
  return list.map((item) => ({ name, item }));
}

function toShard({ name, item }: Item): Shard {
  const status = String(memberOf(item, 'status')).toLowerCase();
  if (status !== 'readwrite' && status !== 'readonly') {
    throw new UpstreamContractError(`${name} returned a shard of status "${status}"`);
  }
  return { shardId: integerOf(name, item, 'shardID'), status };
}

function toCheckpoint({ name, item }: Item): Checkpoint {
  const checkpoint = memberOf(item, 'checkpoint') ?? '';
  if (typeof checkpoint !== 'string') {
    throw new UpstreamContractError(`${name}: expected a checkpoint to be text, got ${typeOf(checkpoint)}`);
  }
  return {
    shard: integerOf(name, item, 'shard'),
    checkpoint,
    updateTimeMs: Math.floor((Number(memberOf(item, 'updateTime') ?? 0) || 0) / 1_000),
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function integerOf(name: string, value: unknown, member: string): number {
  return wholeNumber(name, member, memberOf(value, member));
}

function wholeNumber(name: string, what: string, value: unknown): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number)) {
    throw new UpstreamContractError(`${name}: expected ${what} to be a whole number, got ${typeOf(value)}`);
  }
  return number as number;
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
