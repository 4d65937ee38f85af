import { SlsError } from '../envelope/error.ts';
import { type FieldRules, type JsonObject, parseInteger, parseJsonObject } from '../envelope/validate.ts';
import type { Logstore, LogstoreSettings } from '../storage/logstore.ts';
import { evenRanges, type Shard } from '../storage/shard.ts';
import { type Action, type ActionContext, nowSeconds, requireLogstore, requireProject } from './action.ts';

/** 3 to 63 lower-case letters, digits, hyphens and underscores; a letter or digit at both ends. */
const LOGSTORE_NAME = /^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/;
/** A project holds 200 logstores: https://www.alibabacloud.com/help/en/sls/basic-resources (read 2026-11-23). */
const MAX_LOGSTORES = 200;

const SETTING_RULES: FieldRules = {
  logstoreName: { type: 'string', pattern: LOGSTORE_NAME },
  ttl: { type: 'integer', min: 1, max: 3650 },
  shardCount: { type: 'integer', min: 1, max: 100 },
  enable_tracking: { type: 'boolean' },
  autoSplit: { type: 'boolean' },
  maxSplitShard: { type: 'integer', min: 1, max: 256 },
  appendMeta: { type: 'boolean' },
  mode: { type: 'string', oneOf: ['standard', 'query', 'lite'] },
  telemetryType: { type: 'string', oneOf: ['', 'None', 'Metrics'] },
  hot_ttl: { type: 'integer', min: 0, max: 3650 },
  infrequentAccessTTL: { type: 'integer', min: 0, max: 3650 },
  encrypt_conf: { type: 'object' },
  processorId: { type: 'string' },
};

function createLogstore(context: ActionContext) {
  const project = requireProject(context);
  const rules = {
    ...SETTING_RULES,
    logstoreName: { type: 'string', required: true, pattern: LOGSTORE_NAME },
  } as const;
  const body = parseJsonObject(context.body, rules, 'LogStoreInfoInvalid');
  const name = String(body.logstoreName);
  if (context.catalog.findLogstore(project.name, name) !== undefined) {
    throw new SlsError('LogStoreAlreadyExist', `logstore ${name} already exists.`);
  }
  if (context.catalog.logstores(project.name).length >= MAX_LOGSTORES) {
    throw new SlsError('ProjectQuotaExceed', 'Project Quota Exceed.', 400);
  }
  if (body.autoSplit === true && typeof body.maxSplitShard !== 'number') {
    throw new SlsError('LogStoreInfoInvalid', 'maxSplitShard is required when autoSplit is true');
  }
  const now = nowSeconds(context);
  context.catalog.createLogstore(project.name, {
    name,
    createdAtSeconds: now,
    modifiedAtSeconds: now,
    settings: mergeSettings(DEFAULT_SETTINGS, body),
    meteringMode: 'ChargeByFunction',
    shards: firstShards(typeof body.shardCount === 'number' ? body.shardCount : 2, context.clock()),
  });
  return {};
}

const DEFAULT_SETTINGS: LogstoreSettings = {
  ttl: 30,
  enable_tracking: false,
  autoSplit: false,
  maxSplitShard: 64,
  appendMeta: false,
  mode: 'standard',
  telemetryType: '',
};

function firstShards(count: number, nowMs: number): Shard[] {
  return evenRanges(count).map((range, id) => ({
    id,
    status: 'readwrite',
    ...range,
    createdAtSeconds: Math.floor(nowMs / 1000),
    cursorBase: newCursorBase(nowMs),
    parents: [],
  }));
}

/** Cursors start at the shard's birth in nanoseconds: the magnitude the service's own have. */
export function newCursorBase(nowMs: number): string {
  return (BigInt(Math.floor(nowMs)) * 1_000_000n).toString();
}

function mergeSettings(current: LogstoreSettings, body: JsonObject): LogstoreSettings {
  const merged: Record<string, unknown> = { ...current };
  for (const name of Object.keys(SETTING_RULES)) {
    if (name === 'logstoreName' || name === 'shardCount') continue;
    const given = body[name];
    if (given !== undefined && given !== null) merged[name] = given;
  }
  return merged as unknown as LogstoreSettings;
}

function getLogstore(context: ActionContext) {
  const logstore = requireLogstore(context);
  const { record } = logstore;
  return {
    json: {
      logstoreName: record.name,
      ...record.settings,
      shardCount: openShards(logstore),
      createTime: record.createdAtSeconds,
      lastModifyTime: record.modifiedAtSeconds,
      productType: '',
    },
  };
}

function openShards(logstore: Logstore): number {
  return logstore.record.shards.filter((shard) => shard.status === 'readwrite').length;
}

function updateLogstore(context: ActionContext) {
  const logstore = requireLogstore(context);
  const body = parseJsonObject(context.body, SETTING_RULES, 'LogStoreInfoInvalid');
  if (typeof body.logstoreName === 'string' && body.logstoreName !== logstore.name) {
    throw new SlsError('LogStoreInfoInvalid', `store name ${body.logstoreName} is invalid`);
  }
  if (typeof body.shardCount === 'number' && body.shardCount !== openShards(logstore)) {
    throw new SlsError(
      'ParameterInvalid',
      'invalid shard count,you can only modify shardCount by split& merge shard.',
    );
  }
  logstore.record.settings = mergeSettings(logstore.record.settings, body);
  logstore.record.modifiedAtSeconds = nowSeconds(context);
  context.catalog.saveLogstore(logstore);
  return {};
}

async function deleteLogstore(context: ActionContext) {
  const logstore = requireLogstore(context);
  context.catalog.deleteLogstore(logstore);
  await context.queries.drop(logstore.project, logstore.name);
  return {};
}

function listLogstores(context: ActionContext) {
  const project = requireProject(context);
  const { query } = context.request;
  const offset = parseInteger(query.get('offset'), {
    name: 'offset',
    min: 0,
    max: 1e9,
    code: 'ParameterInvalid',
  });
  const size = parseInteger(query.get('size'), { name: 'size', min: 0, max: 500, code: 'ParameterInvalid' });
  const wanted = query.get('logstoreName') ?? '';
  const mode = query.get('mode') ?? '';
  const names = context.catalog
    .logstores(project.name)
    .filter((logstore) => logstore.name.includes(wanted))
    .filter((logstore) => mode === '' || logstore.record.settings.mode === mode)
    .map((logstore) => logstore.name)
    .sort();
  const start = offset ?? 0;
  const logstores = names.slice(start, start + (size ?? 200));
  return { json: { count: logstores.length, total: names.length, logstores } };
}

const METERING_RULES: FieldRules = {
  meteringMode: { type: 'string', required: true, oneOf: ['ChargeByFunction', 'ChargeByDataIngest'] },
};

function updateMeteringMode(context: ActionContext) {
  const logstore = requireLogstore(context);
  const body = parseJsonObject(context.body, METERING_RULES, 'ParameterInvalid');
  logstore.record.meteringMode = String(body.meteringMode);
  context.catalog.saveLogstore(logstore);
  return {};
}

function getMeteringMode(context: ActionContext) {
  return { json: { meteringMode: requireLogstore(context).record.meteringMode } };
}

export const LOGSTORE_ACTIONS: readonly Action[] = [
  { name: 'CreateLogStore', method: 'POST', path: '/logstores', run: createLogstore },
  { name: 'ListLogStores', method: 'GET', path: '/logstores', run: listLogstores },
  {
    name: 'UpdateLogStoreMeteringMode',
    method: 'PUT',
    path: '/logstores/:logstore/meteringmode',
    run: updateMeteringMode,
  },
  {
    name: 'GetLogStoreMeteringMode',
    method: 'GET',
    path: '/logstores/:logstore/meteringmode',
    run: getMeteringMode,
  },
  { name: 'GetLogStore', method: 'GET', path: '/logstores/:logstore', run: getLogstore },
  { name: 'UpdateLogStore', method: 'PUT', path: '/logstores/:logstore', run: updateLogstore },
  { name: 'DeleteLogStore', method: 'DELETE', path: '/logstores/:logstore', run: deleteLogstore },
];
