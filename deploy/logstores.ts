import type { Field, FieldTable } from '../shared/logstores/field-table.ts';
import { DEFAULT_DAYS_KEPT } from '../shared/logstores/retention.ts';
import { TABLES } from '../shared/logstores/tables.ts';

/** The logstores, their days kept and their indexes. */

/** One key of an SLS index, in the SDK's spelling (`docValue` is `doc_value` on the wire). */
export interface IndexKey {
  readonly type: 'text' | 'long' | 'double' | 'json';
  readonly docValue: boolean;
  readonly caseSensitive?: boolean;
  readonly chn?: boolean;
  readonly token?: readonly string[];
  readonly indexAll?: boolean;
  readonly maxDepth?: number;
}

export interface IndexConfig {
  readonly line: {
    readonly token: readonly string[];
    readonly caseSensitive: boolean;
    readonly chn: boolean;
  };
  readonly keys: Readonly<Record<string, IndexKey>>;
  readonly maxTextLen: number;
}

/** The delimiters that the SLS console proposes for a new index; ids made of letters, digits, - and _ stay whole. */
const TOKENS: readonly string[] = [...`, '";=()[]{}?@&<>/:`, '\n', '\t', '\r'];
/** SQL cuts text beyond this many bytes; 16384 is the most SLS allows (2048 by default). */
const MAX_TEXT_BYTES = 16_384;
/** When SLS received a row: the queue's order and the ledger's `waiting` rest on it. SLS indexes tags as text only. */
const RECEIVE_TIME = '__tag__:__receive_time__';

const text = (chinese: boolean): IndexKey => ({
  type: 'text',
  docValue: true,
  caseSensitive: false,
  chn: chinese,
  token: TOKENS,
});

function keyOf(field: Field): IndexKey {
  if (field.type === 'long') return { type: 'long', docValue: true };
  if (field.type === 'text') return text(field.chinese === true);
  return { ...text(field.chinese === true), type: 'json', indexAll: true, maxDepth: -1 };
}

/** The index of a logstore: every column of its table for search and SQL, the receive time, and the full text. */
export function indexOf(fields: FieldTable, doubles: readonly string[] = []): IndexConfig {
  const chinese = Object.values(fields).some((field) => field.chinese === true);
  return {
    line: { token: TOKENS, caseSensitive: false, chn: chinese },
    keys: {
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, keyOf(field)])),
      ...Object.fromEntries(doubles.map((name) => [name, { type: 'double', docValue: true } as const])),
      [RECEIVE_TIME]: text(false),
    },
    maxTextLen: MAX_TEXT_BYTES,
  };
}

/** Where Function Compute puts what the functions print, and its own figures for each invocation. */
export const FUNCTIONS_LOGSTORE = 'idv-functions';

/** Names as Function Compute writes them:
 * https://help.aliyun.com/zh/sls/function-compute-3-0-log-field-details (read 2026-11-23). */
const FUNCTION_LOG_FIELDS = {
  message: { type: 'text', meaning: 'One printed line; ours are JSON', source: 'the function' },
  functionName: { type: 'text', meaning: 'Which function', source: 'Function Compute' },
  qualifier: { type: 'text', meaning: 'Version or alias', source: 'Function Compute' },
  versionId: { type: 'text', meaning: 'Version', source: 'Function Compute' },
  instanceID: { type: 'text', meaning: 'Which instance', source: 'Function Compute' },
  requestId: { type: 'text', meaning: 'Which invocation', source: 'Function Compute' },
  operation: {
    type: 'text',
    meaning: 'InvokeFunction for the figures of an invocation',
    source: 'Function Compute',
  },
  invocationType: { type: 'text', meaning: 'Sync or Async', source: 'Function Compute' },
  isColdStart: { type: 'text', meaning: 'Whether the instance was new', source: 'Function Compute' },
  hasFunctionError: { type: 'text', meaning: 'Whether the function failed', source: 'Function Compute' },
  errorType: { type: 'text', meaning: 'Why it failed', source: 'Function Compute' },
  memoryMB: { type: 'long', meaning: 'Memory given, MB', source: 'Function Compute' },
} as const satisfies FieldTable;
const FUNCTION_LOG_DOUBLES = ['durationMs', 'memoryUsageMB', 'scheduleLatencyMs'];

export interface LogstoreDefinition {
  readonly name: string;
  readonly ttlDays: number;
  readonly autoSplit: boolean;
  readonly index: IndexConfig;
}

/** By their names in `retentionDays` of s.yaml, in the order they are made. */
const STORES = {
  ...TABLES,
  functions: {
    logstore: FUNCTIONS_LOGSTORE,
    fields: FUNCTION_LOG_FIELDS,
    daysKept: DEFAULT_DAYS_KEPT.functions,
  },
};
type StoreKey = keyof typeof STORES;
export const STORE_KEYS = Object.keys(STORES) as StoreKey[];

/** `idv-pending` is never split: one shard is one order of arrival and one checkpoint. */
export const LOGSTORES: readonly LogstoreDefinition[] = STORE_KEYS.map((key) => {
  const { logstore, fields, daysKept } = STORES[key];
  return {
    name: logstore,
    ttlDays: daysKept,
    autoSplit: key !== 'pending',
    index: indexOf(fields, key === 'functions' ? FUNCTION_LOG_DOUBLES : []),
  };
});

/** Days kept by the name of the logstore; what is not given stays as it is by default. */
export function ttlByLogstore(
  days: Readonly<Partial<Record<StoreKey, number | undefined>>>,
): Record<string, number> {
  return Object.fromEntries(
    STORE_KEYS.flatMap((key) => {
      const ttlDays = days[key];
      return ttlDays === undefined ? [] : [[STORES[key].logstore, ttlDays] as const];
    }),
  );
}
