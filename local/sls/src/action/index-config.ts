import { SlsError } from '../envelope/error.ts';
import {
  type FieldRules,
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  refuseViolations,
  violations,
} from '../envelope/validate.ts';
import type { IndexConfig } from '../query/contract.ts';
import type { Logstore } from '../storage/logstore.ts';
import { type Action, type ActionContext, nowSeconds, requireLogstore } from './action.ts';

const INDEX_RULES: FieldRules = {
  line: { type: 'object' },
  keys: { type: 'object' },
  max_text_len: { type: 'integer', min: 64, max: 16_384 },
};

const LINE_RULES: FieldRules = {
  token: { type: 'array', required: true },
  caseSensitive: { type: 'boolean' },
  chn: { type: 'boolean' },
  include_keys: { type: 'array' },
  exclude_keys: { type: 'array' },
};

const KEY_RULES: FieldRules = {
  type: { type: 'string', required: true, oneOf: ['text', 'long', 'double', 'json'] },
  alias: { type: 'string', max: 128 },
  caseSensitive: { type: 'boolean' },
  chn: { type: 'boolean' },
  doc_value: { type: 'boolean' },
  token: { type: 'array' },
  index_all: { type: 'boolean' },
  max_depth: { type: 'integer', min: -1 },
  json_keys: { type: 'object' },
};

const JSON_KEY_RULES: FieldRules = {
  type: { type: 'string', required: true, oneOf: ['text', 'long', 'double'] },
  alias: { type: 'string', max: 128 },
  doc_value: { type: 'boolean' },
};

/** @throws SlsError IndexInfoInvalid, everything that is wrong in one message */
function parseIndex(body: Buffer): IndexConfig & JsonObject {
  const index = parseJsonObject(body, INDEX_RULES, 'IndexInfoInvalid');
  const line = isJsonObject(index.line) ? index.line : undefined;
  const keys = isJsonObject(index.keys) ? index.keys : undefined;
  if (line === undefined && keys === undefined) {
    throw new SlsError('IndexInfoInvalid', 'line or keys is required');
  }
  const found = line === undefined ? [] : lineViolations(line);
  for (const [name, key] of Object.entries(keys ?? {})) found.push(...keyViolations(name, key));
  refuseViolations(found, 'IndexInfoInvalid');
  return index as IndexConfig & JsonObject;
}

function lineViolations(line: JsonObject): string[] {
  const found = violations(line, LINE_RULES, 'line.');
  for (const name of ['token', 'include_keys', 'exclude_keys'])
    found.push(...listViolations(line, name, 'line.'));
  if (Array.isArray(line.include_keys) && Array.isArray(line.exclude_keys)) {
    found.push('line.include_keys and line.exclude_keys exclude each other');
  }
  return found;
}

function keyViolations(name: string, key: unknown): string[] {
  const prefix = `keys.${name}.`;
  if (name === '') return ['keys must not hold an empty name'];
  if (!isJsonObject(key)) return [`keys.${name} must be of type object`];
  const found = [...violations(key, KEY_RULES, prefix), ...listViolations(key, 'token', prefix)];
  if (!isJsonObject(key.json_keys)) return found;
  if (key.type !== 'json') found.push(`${prefix}json_keys needs the type json`);
  for (const [path, jsonKey] of Object.entries(key.json_keys)) {
    const jsonPrefix = `${prefix}json_keys.${path}.`;
    found.push(
      ...(isJsonObject(jsonKey)
        ? violations(jsonKey, JSON_KEY_RULES, jsonPrefix)
        : [`${jsonPrefix} must be an object`]),
    );
  }
  return found;
}

function listViolations(holder: JsonObject, name: string, prefix: string): string[] {
  const list = holder[name];
  if (!Array.isArray(list) || list.every((item) => typeof item === 'string')) return [];
  return [`${prefix}${name} must hold strings`];
}

function createIndex(context: ActionContext) {
  const logstore = requireLogstore(context);
  const index = parseIndex(context.body);
  if (logstore.index !== undefined) {
    throw new SlsError('IndexAlreadyExist', 'Logstore index is already created.');
  }
  return storeIndex(context, logstore, index);
}

function updateIndex(context: ActionContext) {
  const logstore = requireIndexed(context);
  return storeIndex(context, logstore, parseIndex(context.body));
}

function storeIndex(context: ActionContext, logstore: Logstore, index: IndexConfig & JsonObject) {
  logstore.record.index = index;
  logstore.record.indexModifiedAtSeconds = nowSeconds(context);
  logstore.invalidate();
  context.catalog.saveLogstore(logstore);
  return {};
}

function requireIndexed(context: ActionContext): Logstore {
  const logstore = requireLogstore(context);
  if (logstore.index === undefined) {
    throw new SlsError('IndexConfigNotExist', "index config doesn't exist.");
  }
  return logstore;
}

function getIndex(context: ActionContext) {
  const { record } = requireIndexed(context);
  return {
    json: {
      index_mode: 'v2',
      storage: 'pg',
      ...record.index,
      // An index has no life of its own: whatever was sent, the logstore's retention is shown.
      ttl: record.settings.ttl,
      lastModifyTime: record.indexModifiedAtSeconds ?? 0,
    },
  };
}

function deleteIndex(context: ActionContext) {
  const logstore = requireIndexed(context);
  delete logstore.record.index;
  logstore.invalidate();
  context.catalog.saveLogstore(logstore);
  return {};
}

const PATH = '/logstores/:logstore/index';

export const INDEX_ACTIONS: readonly Action[] = [
  { name: 'CreateIndex', method: 'POST', path: PATH, run: createIndex },
  { name: 'UpdateIndex', method: 'PUT', path: PATH, run: updateIndex },
  { name: 'DeleteIndex', method: 'DELETE', path: PATH, run: deleteIndex },
  { name: 'GetIndex', method: 'GET', path: PATH, run: getIndex },
];
