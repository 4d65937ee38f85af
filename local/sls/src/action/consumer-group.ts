import { SlsError } from '../envelope/error.ts';
import {
  type FieldRules,
  isJsonObject,
  parseInteger,
  parseJson,
  parseJsonObject,
} from '../envelope/validate.ts';
import type { ConsumerGroup, ShardView } from '../storage/consumer-group.ts';
import type { Logstore } from '../storage/logstore.ts';
import { type Action, type ActionContext, requireLogstore } from './action.ts';

/** A logstore holds 30 consumer groups: help page of CreateConsumerGroup (read 2026-11-23). */
const MAX_GROUPS = 30;

const SETTING_RULES: FieldRules = {
  timeout: { type: 'integer', min: 1, max: 86_400 },
  order: { type: 'boolean' },
};
const CREATE_RULES: FieldRules = {
  consumerGroup: { type: 'string', required: true, min: 1, max: 128, pattern: /^[A-Za-z0-9_-]+$/ },
  ...SETTING_RULES,
  timeout: { type: 'integer', required: true, min: 1, max: 86_400 },
};

function createConsumerGroup(context: ActionContext) {
  const logstore = requireLogstore(context);
  const body = parseJsonObject(context.body, CREATE_RULES, 'JsonInfoInvalid');
  const name = String(body.consumerGroup);
  if (context.catalog.findGroup(logstore, name) !== undefined) {
    throw new SlsError('ConsumerGroupAlreadyExist', 'Consumer group already exist.');
  }
  if (context.catalog.groups(logstore).length >= MAX_GROUPS) {
    throw new SlsError('ConsumerGroupQuotaExceed', `A logstore holds ${MAX_GROUPS} consumer groups at most.`);
  }
  context.catalog.createGroup(logstore, {
    name,
    timeout: Number(body.timeout),
    order: body.order === true,
    consumers: [],
    leases: {},
    checkpoints: {},
  });
  return {};
}

function requireGroup(context: ActionContext, logstore: Logstore): ConsumerGroup {
  const group = context.catalog.findGroup(logstore, context.params.group ?? '');
  if (group === undefined) throw new SlsError('ConsumerGroupNotExist', 'Consumer group not exist.');
  return group;
}

function updateConsumerGroup(context: ActionContext) {
  const group = requireGroup(context, requireLogstore(context));
  const body = parseJsonObject(context.body, SETTING_RULES, 'JsonInfoInvalid');
  group.change({
    ...(typeof body.timeout === 'number' ? { timeout: body.timeout } : {}),
    ...(typeof body.order === 'boolean' ? { order: body.order } : {}),
  });
  return {};
}

function deleteConsumerGroup(context: ActionContext) {
  const logstore = requireLogstore(context);
  context.catalog.deleteGroup(logstore, requireGroup(context, logstore).record.name);
  return {};
}

function listConsumerGroups(context: ActionContext) {
  const groups = context.catalog.groups(requireLogstore(context));
  return {
    json: groups.map(({ record }) => ({ name: record.name, timeout: record.timeout, order: record.order })),
  };
}

function heartbeat(context: ActionContext) {
  const logstore = requireLogstore(context);
  const group = requireGroup(context, logstore);
  const consumer = context.request.query.get('consumer') ?? '';
  if (consumer === '') throw new SlsError('ParameterInvalid', 'Parameter consumer is required.');
  const shards = parseShards(context.body);
  return { json: group.heartbeat(consumer, shards, shardViews(logstore)) };
}

/** The SDKs send a bare array; the documentation shows `{"shards": [...]}`. */
function parseShards(body: Buffer): number[] {
  const value = body.length === 0 ? [] : parseJson(body, 'JsonInfoInvalid');
  const list = isJsonObject(value) ? value.shards : value;
  if (!Array.isArray(list) || !list.every((item) => Number.isSafeInteger(item) && item >= 0)) {
    throw new SlsError('JsonInfoInvalid', 'The body must be an array of shard ids.');
  }
  return list;
}

function shardViews(logstore: Logstore): ShardView[] {
  return logstore.record.shards.map((shard) => ({
    id: shard.id,
    isReadOnly: shard.status === 'readonly',
    parents: shard.parents,
    endCursor: logstore.cursorAt(shard, logstore.window(shard).end),
  }));
}

const CHECKPOINT_RULES: FieldRules = {
  shard: { type: 'integer', required: true, min: 0 },
  checkpoint: { type: 'string', required: true },
};

function updateCheckpoint(context: ActionContext) {
  const logstore = requireLogstore(context);
  const group = requireGroup(context, logstore);
  const { query } = context.request;
  const body = parseJsonObject(context.body, CHECKPOINT_RULES, 'JsonInfoInvalid');
  const shard = logstore.shard(Number(body.shard), 404).id;
  const consumer = query.get('consumer') ?? '';
  group.updateCheckpoint({
    shard,
    checkpoint: String(body.checkpoint),
    consumer: consumer === '' ? undefined : consumer,
    forceSuccess: (query.get('forceSuccess') ?? '').toLowerCase() === 'true',
  });
  return {};
}

function getCheckpoint(context: ActionContext) {
  const logstore = requireLogstore(context);
  const group = requireGroup(context, logstore);
  const wanted = parseInteger(context.request.query.get('shard'), {
    name: 'shard',
    min: 0,
    max: 1e9,
    code: 'ParameterInvalid',
  });
  const shards = logstore.record.shards.map((shard) => shard.id);
  return { json: group.checkpoints(shards.filter((shard) => wanted === undefined || shard === wanted)) };
}

const PATH = '/logstores/:logstore/consumergroups';
const GROUP_PATH = `${PATH}/:group`;

export const CONSUMER_GROUP_ACTIONS: readonly Action[] = [
  { name: 'CreateConsumerGroup', method: 'POST', path: PATH, run: createConsumerGroup },
  { name: 'ListConsumerGroup', method: 'GET', path: PATH, run: listConsumerGroups },
  { name: 'UpdateConsumerGroup', method: 'PUT', path: GROUP_PATH, run: updateConsumerGroup },
  { name: 'DeleteConsumerGroup', method: 'DELETE', path: GROUP_PATH, run: deleteConsumerGroup },
  {
    name: 'ConsumerGroupHeartBeat',
    method: 'POST',
    path: GROUP_PATH,
    query: { type: ['heartbeat'] },
    run: heartbeat,
  },
  {
    name: 'ConsumerGroupUpdateCheckPoint',
    method: 'POST',
    path: GROUP_PATH,
    query: { type: ['checkpoint'] },
    run: updateCheckpoint,
  },
  { name: 'GetCheckPoint', method: 'GET', path: GROUP_PATH, run: getCheckpoint },
];
