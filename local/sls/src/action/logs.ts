import { compressBody, MAX_RAW_BODY_BYTES, negotiateCompression } from '../envelope/compression.ts';
import { SlsError } from '../envelope/error.ts';
import { parseInteger } from '../envelope/validate.ts';
import { checkLogGroup, encodeLogGroupList } from '../storage/log-group.ts';
import type { Logstore } from '../storage/logstore.ts';
import { parseKey, type Shard } from '../storage/shard.ts';
import { type Action, type ActionContext, nowSeconds, requireLogstore } from './action.ts';
import { requireShard } from './shard.ts';

/** Stores a log group whole or not at all; the response is sent once the operating system has the bytes. */
function putLogs(context: ActionContext) {
  const { request, body } = context;
  const contentType = request.headers.get('content-type') ?? '';
  if (body.length > 0 && !contentType.startsWith('application/x-protobuf')) {
    throw new SlsError('InvalidContentType', `Content-Type ${contentType} is unsupported.`);
  }
  const logstore = requireLogstore(context);
  const shard = logstore.shardForWrite(routeKey(context));
  const { rowCount } = checkLogGroup(body, nowSeconds(context));
  context.quotas.takeWrite({
    project: logstore.project,
    shard: `${logstore.project}/${logstore.name}/${shard.id}`,
    bytes: body.length,
  });
  if (rowCount > 0) logstore.append(shard, { body, rowCount, clientIp: request.clientIp });
  return {};
}

function routeKey(context: ActionContext): string | undefined {
  if (context.params.mode === undefined || context.params.mode === 'lb') return undefined;
  const key = parseKey(context.request.query.get('key') ?? '');
  if (key === undefined) {
    throw new SlsError('ParameterInvalid', 'Parameter key must be an MD5 value of 32 hexadecimal digits.');
  }
  return key;
}

function putLogsBalanced(context: ActionContext) {
  return putLogs({ ...context, params: { ...context.params, mode: 'lb' } });
}

function putLogsRouted(context: ActionContext) {
  return putLogs({ ...context, params: { ...context.params, mode: 'route' } });
}

export const PUT_LOGS_ACTIONS: readonly Action[] = [
  { name: 'PutLogs', method: 'POST', path: '/logstores/:logstore/shards/lb', run: putLogsBalanced },
  { name: 'PutLogs', method: 'POST', path: '/logstores/:logstore/shards/route', run: putLogsRouted },
  { name: 'PutLogs', method: 'POST', path: '/logstores/:logstore', run: putLogsBalanced },
];

interface PullRange {
  readonly start: number;
  /** One past the last group that may be given. */
  readonly end: number;
}

/** Gives log groups from a cursor on, in order of arrival; HEAD gives the next cursor only. */
function pullLogs(context: ActionContext) {
  const logstore = requireLogstore(context);
  const shard = requireShard(context, logstore);
  const { query } = context.request;
  if ((query.get('query') ?? '') !== '' || (query.get('processor') ?? '') !== '') {
    throw new SlsError('NotSupported', 'Consumption with SPL is not supported by this server.');
  }
  const range = pullRange(context, logstore, shard);
  const { groups, next, byteLength } = readGroups(logstore, shard, range);
  context.quotas.takeRead({
    project: logstore.project,
    shard: `${logstore.project}/${logstore.name}/${shard.id}`,
    bytes: byteLength,
  });
  const raw = encodeLogGroupList(groups);
  const compression =
    raw.length === 0 ? undefined : negotiateCompression(context.request.headers.get('accept-encoding'));
  return {
    headers: {
      'x-log-cursor': logstore.cursorAt(shard, next),
      'x-log-count': groups.length,
      'x-log-bodyrawsize': raw.length,
      ...positionHeaders(logstore, shard, { start: range.start, next }),
      ...(compression === undefined ? {} : { 'x-log-compresstype': compression }),
    },
    body: {
      bytes: compression === undefined ? raw : compressBody(raw, compression),
      contentType: 'application/x-protobuf',
    },
  };
}

function pullRange(context: ActionContext, logstore: Logstore, shard: Shard): PullRange {
  const { query } = context.request;
  const count = parseInteger(query.get('count'), {
    name: 'Count',
    min: 0,
    max: 1000,
    code: 'ParameterInvalid',
  });
  const start = logstore.positionOf(shard, query.get('cursor') ?? '');
  const endCursor = query.get('end_cursor') ?? '';
  const stop = endCursor === '' ? Infinity : logstore.positionOf(shard, endCursor);
  const end = Math.min(start + (count ?? 1000), stop, logstore.window(shard).end);
  return { start, end: Math.max(start, end) };
}

/** Reads at least one group and then as many as fit a response of 10 MB. */
function readGroups(logstore: Logstore, shard: Shard, range: PullRange) {
  const groups: Buffer[][] = [];
  let byteLength = 0;
  let next = range.start;
  for (; next < range.end; next += 1) {
    byteLength += logstore.segment.infoInShard(shard.id, next).byteLength;
    if (groups.length > 0 && byteLength > MAX_RAW_BODY_BYTES) break;
    groups.push(logstore.groupForPull(shard, next));
  }
  return { groups, next, byteLength };
}

function positionHeaders(logstore: Logstore, shard: Shard, read: { start: number; next: number }) {
  const isAtEnd = read.next >= logstore.window(shard).end;
  if (read.next === read.start) return isAtEnd ? { 'x-log-end-of-cursor': 1 } : {};
  const last = logstore.segment.infoInShard(shard.id, read.next - 1);
  return {
    'x-log-read-last-cursor': logstore.cursorNumberAt(shard, read.next - 1),
    'x-log-cursor-time': Math.floor(last.receivedAtMs / 1000),
    ...(isAtEnd ? { 'x-log-end-of-cursor': 1 } : {}),
  };
}

/** The cursor of the first group received at or after a time. */
function getCursor(context: ActionContext) {
  const logstore = requireLogstore(context);
  const shard = requireShard(context, logstore);
  const { begin, end } = logstore.window(shard);
  const from = context.request.query.get('from') ?? '';
  if (from === 'begin') return { json: { cursor: logstore.cursorAt(shard, begin) } };
  if (from === 'end') return { json: { cursor: logstore.cursorAt(shard, end) } };
  if (!/^\d{1,13}$/.test(from)) throw new SlsError('ParameterInvalid', 'Parameter From is not valid.');
  const position = logstore.segment.positionAtOrAfter(shard.id, Number(from) * 1000);
  return { json: { cursor: logstore.cursorAt(shard, Math.max(position, begin)) } };
}

/** When the group at a cursor was received; at the end of a shard, now. */
function getCursorTime(context: ActionContext) {
  const logstore = requireLogstore(context);
  const shard = requireShard(context, logstore);
  const position = logstore.positionOf(shard, context.request.query.get('cursor') ?? '');
  const receivedAtMs =
    position < logstore.window(shard).end
      ? logstore.segment.infoInShard(shard.id, position).receivedAtMs
      : context.clock();
  return { json: { cursor_time: Math.floor(receivedAtMs / 1000) } };
}

const PATH = '/logstores/:logstore/shards/:shard';

export const PULL_LOGS_ACTIONS: readonly Action[] = [
  { name: 'GetCursor', method: 'GET', path: PATH, query: { type: ['cursor'] }, run: getCursor },
  { name: 'GetCursorTime', method: 'GET', path: PATH, query: { type: ['cursor_time'] }, run: getCursorTime },
  { name: 'PullLogs', method: 'GET', path: PATH, query: { type: ['log', 'logs'] }, run: pullLogs },
  { name: 'PullLogs', method: 'HEAD', path: PATH, query: { type: ['log', 'logs'] }, run: pullLogs },
];
