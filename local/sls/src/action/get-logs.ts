import { compressBody, negotiateCompression } from '../envelope/compression.ts';
import { SlsError, type SlsErrorCode } from '../envelope/error.ts';
import { type JsonObject, parseJsonObject } from '../envelope/validate.ts';
import type { QueryRequest, QueryResult } from '../query/contract.ts';
import type { Logstore } from '../storage/logstore.ts';
import { type Action, type ActionContext, requireLogstore, requireProject } from './action.ts';

type Parameters = ReadonlyMap<string, unknown>;

/** GetLogs: what was found is the body, what was done is in headers. */
async function getLogsV1(context: ActionContext) {
  const logstore = requireLogstore(context);
  const run = await runQuery(context, logstore, context.request.query);
  return { json: run.result.rows, headers: queryHeaders(run) };
}

/** GetLogsV2: the same as one JSON document, compressed if that is asked for. */
async function getLogsV2(context: ActionContext) {
  const logstore = requireLogstore(context);
  const body = parseJsonObject(context.body, {}, 'ParameterInvalid');
  const run = await runQuery(context, logstore, new Map(Object.entries(body)));
  const document = Buffer.from(JSON.stringify({ meta: queryMeta(run, body), data: run.result.rows }));
  const compression = negotiateCompression(context.request.headers.get('accept-encoding'));
  return {
    headers: {
      'x-log-bodyrawsize': document.length,
      ...(compression === undefined ? {} : { 'x-log-compresstype': compression }),
    },
    body: {
      bytes: compression === undefined ? document : compressBody(document, compression),
      contentType: 'application/json',
    },
  };
}

interface QueryRun {
  readonly result: QueryResult;
  readonly elapsedMs: number;
}

async function runQuery(
  context: ActionContext,
  logstore: Logstore,
  parameters: Parameters,
): Promise<QueryRun> {
  const { fromSeconds, toSeconds } = timeRange(parameters);
  const topic = parameters.get('topic');
  const request: QueryRequest = {
    query: queryText(parameters),
    fromSeconds,
    toSeconds,
    line: wholeNumber(parameters, { name: 'line', otherwise: 100, max: 100, code: 'InvalidLine' }),
    offset: wholeNumber(parameters, { name: 'offset', otherwise: 0, max: 1e9, code: 'InvalidOffset' }),
    reverse: flag(parameters.get('reverse')),
    ...(typeof topic === 'string' && topic !== '' ? { topic } : {}),
  };
  return execute(context, logstore, request);
}

async function execute(context: ActionContext, logstore: Logstore, request: QueryRequest): Promise<QueryRun> {
  requireIndex(logstore);
  const engine = await context.queries.engine();
  const lookup = (name: string) => context.catalog.findLogstore(logstore.project, name);
  const startedAtMs = performance.now();
  const result = await engine.query(logstore, lookup, request);
  return { result, elapsedMs: Math.round(performance.now() - startedAtMs) };
}

function requireIndex(logstore: Logstore): void {
  if (logstore.index === undefined) {
    throw new SlsError('IndexConfigNotExist', 'Logstore without index config.');
  }
}

function queryText(parameters: Parameters): string {
  const query = parameters.get('query');
  if (query === undefined || query === null) return '';
  if (typeof query !== 'string') throw new SlsError('InvalidQueryString', 'query string is invalid.');
  return query;
}

function timeRange(parameters: Parameters): { fromSeconds: number; toSeconds: number } {
  const fromSeconds = seconds(parameters.get('from'));
  const toSeconds = seconds(parameters.get('to'));
  if (!(fromSeconds < toSeconds)) throw new SlsError('InvalidTimeRange', 'request time range is invalid.');
  return { fromSeconds, toSeconds };
}

/** NaN for what is no time, which no comparison lets pass. */
function seconds(value: unknown): number {
  const text = String(value ?? '');
  return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
}

function wholeNumber(
  parameters: Parameters,
  rule: { name: string; otherwise: number; max: number; code: SlsErrorCode },
): number {
  const given = parameters.get(rule.name);
  if (given === undefined || given === null || given === '') return rule.otherwise;
  const value = /^\d{1,10}$/.test(String(given)) ? Number(given) : Number.NaN;
  if (!(value <= rule.max)) throw new SlsError(rule.code, `${rule.name} is invalid.`);
  return value;
}

function flag(value: unknown): boolean {
  const text = String(value ?? 'false').toLowerCase();
  if (text === 'true') return true;
  if (text === 'false' || text === '') return false;
  throw new SlsError('InvalidReverse', 'Reverse value is invalid.');
}

function queryHeaders(run: QueryRun): Record<string, string | number> {
  const { result } = run;
  return {
    'x-log-progress': 'Complete',
    'x-log-count': result.rows.length,
    'x-log-processed-rows': result.processedRows,
    'x-log-elapsed-millisecond': run.elapsedMs,
    'x-log-has-sql': String(result.hasSql),
    'x-log-where-query': headerText(result.whereQuery),
    'x-log-agg-query': headerText(result.aggQuery),
    'x-log-cpu-sec': 0,
    'x-log-cpu-cores': 0,
    'x-log-query-info': asciiJson({
      keys: result.columns.map((column) => column.name),
      terms: result.terms,
      limited: String(result.rows.length),
      mode: 0,
      columnTypes: result.columns.map((column) => column.type),
    }),
  };
}

/** Header values are bytes: UTF-8 goes through as it is, line breaks become spaces. */
function headerText(text: string): string {
  return Buffer.from(text.replace(/[\p{Cc}]+/gu, ' ').trim(), 'utf8').toString('latin1');
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `telementryType` is spelt so by the service. */
function queryMeta(run: QueryRun, body: JsonObject): Record<string, unknown> {
  const { result } = run;
  return {
    progress: 'Complete',
    aggQuery: result.aggQuery,
    whereQuery: result.whereQuery,
    hasSQL: result.hasSql,
    processedRows: result.processedRows,
    elapsedMillisecond: run.elapsedMs,
    cpuSec: 0,
    cpuCores: 0,
    limited: result.rows.length,
    count: result.rows.length,
    processedBytes: 0,
    telementryType: '',
    powerSql: body.powerSql === true,
    insertedSQL: '',
    keys: result.columns.map((column) => column.name),
    terms: result.terms,
    marker: '',
    mode: 0,
    shard: 0,
    scanBytes: 0,
    isAccurate: true,
    columnTypes: result.columns.map((column) => column.type),
    highlights: [],
  };
}

async function getHistograms(context: ActionContext) {
  const logstore = requireLogstore(context);
  const parameters: Parameters = context.request.query;
  const range = timeRange(parameters);
  const topic = parameters.get('topic');
  const interval = wholeNumber(parameters, {
    name: 'interval',
    otherwise: 0,
    max: 1e9,
    code: 'ParameterInvalid',
  });
  requireIndex(logstore);
  const engine = await context.queries.engine();
  const lookup = (name: string) => context.catalog.findLogstore(logstore.project, name);
  const buckets = await engine.histogram(logstore, lookup, {
    query: queryText(parameters),
    ...range,
    ...(typeof topic === 'string' && topic !== '' ? { topic } : {}),
    ...(interval > 0 ? { intervalSeconds: interval } : {}),
  });
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  return {
    json: buckets.map((bucket) => ({ ...bucket, progress: 'Complete' })),
    headers: { 'x-log-progress': 'Complete', 'x-log-count': total },
  };
}

/**
 * GetProjectLogs: SQL that names its logstore and its time range itself. As in the Node SDK's integration test,
 * the logstore's name may hold hyphens without being quoted, and times may be quoted numbers.
 */
async function getProjectLogs(context: ActionContext) {
  const project = requireProject(context);
  const sql = queryText(context.request.query)
    .replace(/^\s*\*?\s*\|/, '')
    .replace(/(__time__"?\s*(?:[<>]=?|=)\s*)'(\d+)'/gi, '$1$2')
    .trim();
  const from = /\bfrom\s+("?)([a-z0-9][a-z0-9_-]*)\1/i.exec(sql);
  if (from === null) {
    throw new SlsError('ParameterInvalid', 'The query must be a SELECT statement from a logstore.');
  }
  const logstore = context.catalog.logstore(project.name, from[2] ?? '');
  const query = `* | ${sql.slice(0, from.index)}from log${sql.slice(from.index + from[0].length)}`;
  const run = await execute(context, logstore, {
    query,
    fromSeconds: 0,
    toSeconds: 0xffff_ffff,
    line: 100,
    offset: 0,
    reverse: false,
  });
  return { json: run.result.rows, headers: queryHeaders(run) };
}

const PATH = '/logstores/:logstore';

export const QUERY_ACTIONS: readonly Action[] = [
  { name: 'GetLogs', method: 'GET', path: PATH, query: { type: ['log'] }, run: getLogsV1 },
  { name: 'GetHistograms', method: 'GET', path: PATH, query: { type: ['histogram'] }, run: getHistograms },
  {
    name: 'GetHistograms',
    method: 'GET',
    path: `${PATH}/index`,
    query: { type: ['histogram'] },
    run: getHistograms,
  },
  { name: 'GetLogsV2', method: 'POST', path: `${PATH}/logs`, run: getLogsV2 },
  { name: 'GetProjectLogs', method: 'GET', path: '/logs', run: getProjectLogs },
];
