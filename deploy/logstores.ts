import { EVENT_FIELDS, EVENTS_LOGSTORE } from '../shared/logstores/events.ts';
import { defineFields } from '../shared/logstores/field-table.ts';
import { PENDING_FIELDS, PENDING_LOGSTORE } from '../shared/logstores/pending.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../shared/logstores/records.ts';
import { DEFAULT_DAYS_KEPT } from '../shared/logstores/retention.ts';
import { SWEEP_FIELDS, SWEEPS_LOGSTORE } from '../shared/logstores/sweeps.ts';
import { type IndexConfig, indexOf } from './index-config.ts';

/** Where Function Compute puts what the functions print, and its own figures for each invocation. */
export const FUNCTIONS_LOGSTORE = 'idv-functions';

/** Names as Function Compute writes them:
 * https://help.aliyun.com/zh/sls/function-compute-3-0-log-field-details (read 2026-11-23). */
export const FUNCTION_LOG_FIELDS = defineFields({
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
});
const FUNCTION_LOG_DOUBLES = ['durationMs', 'memoryUsageMB', 'scheduleLatencyMs'];

export interface LogstoreDefinition {
  readonly name: string;
  readonly ttlDays: number;
  readonly autoSplit: boolean;
  readonly index: IndexConfig;
}

/** The logstores by what s.yaml calls them under `retentionDays`. */
const NAMES = {
  pending: PENDING_LOGSTORE,
  records: RECORDS_LOGSTORE,
  events: EVENTS_LOGSTORE,
  sweeps: SWEEPS_LOGSTORE,
  functions: FUNCTIONS_LOGSTORE,
} as const;
type Kept = keyof typeof NAMES;

/** Days kept by the name of the logstore; what is not given stays as it is by default. */
export function ttlByLogstore(
  days: Readonly<Partial<Record<Kept, number | undefined>>>,
): Record<string, number> {
  const kept = Object.entries(NAMES).flatMap(([key, name]) => {
    const ttlDays = days[key as Kept];
    return ttlDays === undefined ? [] : [[name, ttlDays] as const];
  });
  return Object.fromEntries(kept);
}

/**
 * The logstores, in the order they are made. `idv-pending` is never split: one shard is one order of arrival and one
 * checkpoint.
 */
export const LOGSTORES: readonly LogstoreDefinition[] = [
  {
    name: PENDING_LOGSTORE,
    ttlDays: DEFAULT_DAYS_KEPT.pending,
    autoSplit: false,
    index: indexOf(PENDING_FIELDS),
  },
  {
    name: RECORDS_LOGSTORE,
    ttlDays: DEFAULT_DAYS_KEPT.records,
    autoSplit: true,
    index: indexOf(RECORD_FIELDS),
  },
  { name: EVENTS_LOGSTORE, ttlDays: DEFAULT_DAYS_KEPT.events, autoSplit: true, index: indexOf(EVENT_FIELDS) },
  { name: SWEEPS_LOGSTORE, ttlDays: DEFAULT_DAYS_KEPT.sweeps, autoSplit: true, index: indexOf(SWEEP_FIELDS) },
  {
    name: FUNCTIONS_LOGSTORE,
    ttlDays: DEFAULT_DAYS_KEPT.functions,
    autoSplit: true,
    index: indexOf(FUNCTION_LOG_FIELDS, FUNCTION_LOG_DOUBLES),
  },
];
