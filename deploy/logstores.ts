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

export type IndexConfig = ReturnType<typeof indexOf>;

/** The delimiters that the SLS console suggests for a new index; ids of letters, digits, - and _ stay whole. */
const TOKENS: readonly string[] = [...`, '";=()[]{}?@&<>/:`, '\n', '\t', '\r'];
/** SQL cuts text beyond this many bytes; 16384 is the maximum of SLS (default: 2048). */
const MAX_TEXT_BYTES = 16_384;
/** When SLS received a row: the ledger's `waiting` depends on it. SLS indexes tags as text only. */
const RECEIVE_TIME = '__tag__:__receive_time__';

const text = (chinese: boolean): IndexKey => ({
  type: 'text',
  docValue: true,
  caseSensitive: false,
  chn: chinese,
  token: TOKENS,
});

/** As much of a field as its index depends on. */
interface Indexed {
  readonly type: IndexKey['type'];
  readonly chinese?: boolean;
}

function keyOf({ type, chinese = false }: Indexed): IndexKey {
  if (type === 'text') return text(chinese);
  if (type === 'json') return { ...text(chinese), type, indexAll: true, maxDepth: -1 };
  return { type, docValue: true };
}

/** The index of a logstore: every column of its table for search and SQL, the receive time, and the full text. */
export function indexOf(fields: Readonly<Record<string, Indexed>>) {
  const chinese = Object.values(fields).some((field) => field.chinese === true);
  return {
    line: { token: TOKENS, caseSensitive: false, chn: chinese },
    keys: {
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, keyOf(field)])),
      [RECEIVE_TIME]: text(false),
    } as Readonly<Record<string, IndexKey>>,
    maxTextLen: MAX_TEXT_BYTES,
  };
}

/** Function Compute writes what the functions print here, and its own figures for each invocation. */
export const FUNCTIONS_LOGSTORE = 'idv-functions';

/** The columns that Function Compute writes:
 * https://help.aliyun.com/zh/sls/function-compute-3-0-log-field-details (read 2026-11-23). */
const FUNCTION_LOG_FIELDS = {
  ...columnsOf('text', ['message', 'functionName', 'qualifier', 'versionId', 'instanceID', 'requestId']),
  ...columnsOf('text', ['operation', 'invocationType', 'isColdStart', 'hasFunctionError', 'errorType']),
  ...columnsOf('long', ['memoryMB']),
  ...columnsOf('double', ['durationMs', 'memoryUsageMB', 'scheduleLatencyMs']),
};

function columnsOf(type: IndexKey['type'], names: readonly string[]): Record<string, Indexed> {
  return Object.fromEntries(names.map((name) => [name, { type }]));
}

export interface LogstoreDefinition {
  readonly name: string;
  readonly ttlDays: number;
  readonly autoSplit: boolean;
  readonly index: IndexConfig;
}

/** By their names in `retentionDays` of s.yaml, in the order in which they are created. */
const STORES = {
  ...TABLES,
  functions: { logstore: FUNCTIONS_LOGSTORE, fields: FUNCTION_LOG_FIELDS },
};
type StoreKey = keyof typeof STORES;
export const STORE_KEYS = Object.keys(STORES) as StoreKey[];

/** `idv-pending` is never split: one shard is one order of arrival and one checkpoint. */
export const LOGSTORES: readonly LogstoreDefinition[] = STORE_KEYS.map((key) => {
  const { logstore, fields } = STORES[key];
  return {
    name: logstore,
    ttlDays: DEFAULT_DAYS_KEPT[key],
    autoSplit: key !== 'pending',
    index: indexOf(fields),
  };
});

/** The given days by the name of the logstore. */
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
