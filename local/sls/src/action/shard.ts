import { SlsError } from '../envelope/error.ts';
import type { Logstore } from '../storage/logstore.ts';
import { LAST_KEY, middleKey, parseKey, type Shard, toShardJson } from '../storage/shard.ts';
import { type Action, type ActionContext, nowSeconds, requireLogstore } from './action.ts';
import { newCursorBase } from './logstore.ts';

/** A project holds 400 shards: https://www.alibabacloud.com/help/en/sls/basic-resources (read 2026-11-23). */
const MAX_SHARDS = 400;

/**
 * The shard a path names.
 * @throws SlsError ParameterInvalid for what is no number, ShardNotExist
 */
export function requireShard(context: ActionContext, logstore: Logstore): Shard {
  const text = context.params.shard ?? '';
  if (!/^\d{1,9}$/.test(text)) throw new SlsError('ParameterInvalid', 'invalid shard id.');
  return logstore.shard(Number(text));
}

function listShards(context: ActionContext) {
  const logstore = requireLogstore(context);
  return { json: logstore.record.shards.map(toShardJson) };
}

function requireOpenShard(context: ActionContext, logstore: Logstore): Shard {
  const shard = requireShard(context, logstore);
  if (shard.status !== 'readwrite') throw new SlsError('ParameterInvalid', 'invalid shard id.');
  if (logstore.record.shards.length >= MAX_SHARDS) {
    throw new SlsError('ProjectQuotaExceed', 'Project Quota Exceed.', 400);
  }
  return shard;
}

function splitShard(context: ActionContext) {
  const logstore = requireLogstore(context);
  const parent = requireOpenShard(context, logstore);
  const given = context.request.query.get('key') ?? '';
  const key = given === '' ? middleKey(parent.beginKey, parent.endKey) : parseKey(given);
  if (key === undefined || key <= parent.beginKey || key >= parent.endKey) {
    throw new SlsError('ParameterInvalid', 'invalid mid hash.');
  }
  parent.status = 'readonly';
  const children = [
    addShard(context, logstore, { beginKey: parent.beginKey, endKey: key, parents: [parent.id] }),
    addShard(context, logstore, { beginKey: key, endKey: parent.endKey, parents: [parent.id] }),
  ];
  context.catalog.saveLogstore(logstore);
  return { json: [parent, ...children].map(toShardJson) };
}

function mergeShards(context: ActionContext) {
  const logstore = requireLogstore(context);
  const left = requireOpenShard(context, logstore);
  const right = logstore.record.shards.find(
    (shard) => shard.status === 'readwrite' && shard.beginKey === left.endKey,
  );
  if (left.endKey === LAST_KEY || right === undefined) {
    throw new SlsError('ParameterInvalid', 'can not merge the last shard.');
  }
  left.status = 'readonly';
  right.status = 'readonly';
  const merged = addShard(context, logstore, {
    beginKey: left.beginKey,
    endKey: right.endKey,
    parents: [left.id, right.id],
  });
  context.catalog.saveLogstore(logstore);
  return { json: [merged, left, right].map(toShardJson) };
}

function addShard(
  context: ActionContext,
  logstore: Logstore,
  part: Pick<Shard, 'beginKey' | 'endKey' | 'parents'>,
): Shard {
  const shard: Shard = {
    id: Math.max(...logstore.record.shards.map((candidate) => candidate.id)) + 1,
    status: 'readwrite',
    ...part,
    createdAtSeconds: nowSeconds(context),
    cursorBase: newCursorBase(context.clock()),
  };
  logstore.record.shards.push(shard);
  return shard;
}

export const SHARD_ACTIONS: readonly Action[] = [
  { name: 'ListShards', method: 'GET', path: '/logstores/:logstore/shards', run: listShards },
  {
    name: 'SplitShard',
    method: 'POST',
    path: '/logstores/:logstore/shards/:shard',
    query: { action: ['split'] },
    run: splitShard,
  },
  {
    name: 'MergeShard',
    method: 'POST',
    path: '/logstores/:logstore/shards/:shard',
    query: { action: ['merge'] },
    run: mergeShards,
  },
];
