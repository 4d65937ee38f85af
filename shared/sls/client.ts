import { SlsError, UpstreamContractError } from '../errors.ts';
import { type Clock, systemClock } from '../time.ts';
import {
  createSlsCaller,
  jsonOf,
  one,
  type SlsAnswer,
  type SlsCaller,
  type SlsCallerOptions,
} from './call.ts';
import { type LogGroup, withEncoded } from './codec.ts';
import { COMPRESS_TYPE, compress } from './compression.ts';
import { readPull } from './pull.ts';
import { queryLogs } from './query.ts';
import type { CallOptions, Checkpoint, Shard, SlsDataPlane } from './types.ts';

/** "Body size X must little than 10485760": what a PutLogs may weigh before compression. */
const MAX_PUT_BYTES = 10_485_760;

export interface SlsClientOptions extends SlsCallerOptions {
  /** Waits between the tries of an incomplete query. */
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
    query: (logstore, request, callOptions) =>
      queryLogs({ call, clock, random }, logstore, { request, options: callOptions }),
  };
}

const pathOf = (logstore: string, rest: string) => `/logstores/${encodeURIComponent(logstore)}${rest}`;

function putAndPull(call: SlsCaller): Pick<SlsDataPlane, 'putLogs' | 'pullLogs'> {
  return {
    async putLogs(logstore, logs, { topic, source, signal } = {}) {
      const group: LogGroup = {
        logs,
        ...(topic === undefined ? {} : { topic }),
        ...(source === undefined ? {} : { source }),
      };
      const { body, rawSize } = await withEncoded(group, async (raw) => {
        if (raw.length > MAX_PUT_BYTES) throw tooLarge(raw.length);
        return { body: await compress(raw), rawSize: raw.length };
      });
      const headers = {
        'content-type': 'application/x-protobuf',
        'x-log-compresstype': COMPRESS_TYPE,
        'x-log-bodyrawsize': String(rawSize),
      };
      const path = pathOf(logstore, '/shards/lb');
      const answer = await call({ action: 'PutLogs', method: 'POST', path, headers, body }, signalOf(signal));
      requireAcknowledgement(answer);
    },

    async pullLogs(logstore, shard, { cursor, endCursor, count = 100 }, callOptions) {
      const answer = await call(
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
      return readPull(answer, { cursor, ...(endCursor === undefined ? {} : { endCursor }) });
    },
  };
}

/**
 * A write is acknowledged by 200 with nothing in it. A page of some proxy in between is no acknowledgement, and
 * what was to be written is then not there. @throws UpstreamContractError
 */
function requireAcknowledgement(answer: SlsAnswer): void {
  if (answer.body.length === 0) return;
  const said = jsonOf(answer);
  if (typeof said !== 'object' || said === null || 'errorCode' in said) {
    throw new UpstreamContractError('the answer is not an acknowledgement');
  }
}

function tooLarge(size: number): SlsError {
  return new SlsError(413, 'PostBodyTooLarge', `${size} bytes were not sent: ${MAX_PUT_BYTES} are taken`);
}

function cursors(call: SlsCaller): Pick<SlsDataPlane, 'listShards' | 'getCursor' | 'getCursorTimeMs'> {
  return {
    async listShards(logstore, callOptions) {
      const path = pathOf(logstore, '/shards');
      const shards = jsonOf(await call({ action: 'ListShards', method: 'GET', path }, callOptions));
      return arrayOf(shards).map(toShard);
    },

    async getCursor(logstore, shard, from, callOptions) {
      const path = pathOf(logstore, `/shards/${shard}`);
      const query = { type: 'cursor', from: String(from) };
      const answer = await call({ action: 'GetCursor', method: 'GET', path, query }, callOptions);
      const cursor = memberOf(jsonOf(answer), 'cursor');
      const serverTimeMs = Date.parse(one(answer.headers.date) ?? '');
      if (typeof cursor !== 'string' || cursor === '') throw new UpstreamContractError('no cursor came');
      if (Number.isNaN(serverTimeMs)) throw new UpstreamContractError('the answer has no date');
      return { cursor, serverTimeMs };
    },

    async getCursorTimeMs(logstore, shard, cursor, callOptions) {
      const path = pathOf(logstore, `/shards/${shard}`);
      const query = { type: 'cursor_time', cursor };
      const answer = await call({ action: 'GetCursorTime', method: 'GET', path, query }, callOptions);
      return integerOf(memberOf(jsonOf(answer), 'cursor_time'), 'cursor_time') * 1_000;
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
      const answer = await call(
        {
          action: 'ConsumerGroupHeartBeat',
          method: 'POST',
          path: groupPath(logstore, group),
          query: { type: 'heartbeat', consumer },
          body: shards,
        },
        callOptions,
      );
      // No body where the documents show an array: no shard was given.
      if (answer.body.length === 0) return [];
      return arrayOf(jsonOf(answer)).map((shard) => integerOf(shard, 'shard'));
    },

    async getCheckpoints(logstore, group, callOptions) {
      const path = groupPath(logstore, group);
      const answer = await call({ action: 'GetCheckPoint', method: 'GET', path }, callOptions);
      return arrayOf(jsonOf(answer)).map(toCheckpoint);
    },

    async updateCheckpoint(logstore, group, { consumer, shard, checkpoint }, callOptions) {
      const answer = await call(
        {
          action: 'ConsumerGroupUpdateCheckPoint',
          method: 'POST',
          path: groupPath(logstore, group),
          query: { type: 'checkpoint', consumer, forceSuccess: 'false' },
          body: { shard, checkpoint },
        },
        callOptions,
      );
      requireAcknowledgement(answer);
    },
  };
}

function signalOf(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal };
}

function toShard(value: unknown): Shard {
  const status = String(memberOf(value, 'status')).toLowerCase();
  if (status !== 'readwrite' && status !== 'readonly')
    throw new UpstreamContractError('a shard has no status');
  return {
    shardId: integerOf(memberOf(value, 'shardID'), 'shardID'),
    status,
    createTimeSeconds: Number(memberOf(value, 'createTime') ?? 0) || 0,
  };
}

function toCheckpoint(value: unknown): Checkpoint {
  const checkpoint = memberOf(value, 'checkpoint') ?? '';
  const consumer = memberOf(value, 'consumer') ?? '';
  if (typeof checkpoint !== 'string' || typeof consumer !== 'string') {
    throw new UpstreamContractError('a checkpoint is not text');
  }
  return {
    shard: integerOf(memberOf(value, 'shard'), 'shard'),
    checkpoint,
    updateTimeMs: Math.floor((Number(memberOf(value, 'updateTime') ?? 0) || 0) / 1_000),
    consumer,
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function arrayOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new UpstreamContractError('the answer is not a list');
  return value;
}

function integerOf(value: unknown, what: string): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw new UpstreamContractError(`${what} is not a whole number`);
  return number as number;
}
