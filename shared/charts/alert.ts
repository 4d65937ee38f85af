import type { Text } from './chart.ts';

/** One alert: a query that gives one row, and the condition on that row that raises it. */
export interface AlertDefinition {
  /** `^[0-9a-z][0-9a-z-]*[0-9a-z]$`, unique in the project. */
  readonly name: string;
  readonly title: Text;
  /** What it means and what to do, for the person who is woken. */
  readonly advice: string;
  readonly logstore: string;
  readonly query: string;
  /** How far back each evaluation looks, and how often it is done, in seconds. */
  readonly windowSeconds: number;
  readonly everySeconds: number;
  /** In SLS's condition language, over the columns of the row. */
  readonly condition: string;
  readonly severity: 'critical' | 'high' | 'medium' | 'low';
  /** Raise when the query gives no row at all. */
  readonly raiseWithoutData?: boolean;
}

/** https://help.aliyun.com/zh/sls/developer-reference/create-alert (read 2026-11-23) */
const SEVERITY = { critical: 10, high: 8, medium: 6, low: 4 } as const;

export interface AlertTarget {
  readonly project: string;
  readonly region: string;
  /** The action policy that notifies people. Without one the alert is kept, evaluated and seen in the console only. */
  readonly actionPolicyId?: string;
}

/** An alert as SLS keeps it (Alert 2.0). */
export function toSlsAlert(definition: AlertDefinition, { project, region, actionPolicyId }: AlertTarget) {
  return {
    name: definition.name,
    displayName: `${definition.title.en} · ${definition.title.zh}`,
    description: definition.advice,
    schedule: { type: 'FixedRate', interval: `${definition.everySeconds}s` },
    configuration: {
      version: '2.0',
      type: 'default',
      dashboard: 'internal-alert-analysis',
      queryList: [
        {
          storeType: 'log',
          region,
          project,
          store: definition.logstore,
          query: definition.query,
          timeSpanType: 'Relative',
          start: `-${definition.windowSeconds}s`,
          end: 'now',
          powerSqlMode: 'auto',
        },
      ],
      groupConfiguration: { type: 'no_group', fields: [] },
      joinConfigurations: [],
      severityConfigurations: [
        {
          severity: SEVERITY[definition.severity],
          evalCondition: { condition: definition.condition, countCondition: '' },
        },
      ],
      labels: [{ key: 'product', value: 'idv-dropoff' }],
      annotations: [
        { key: 'title', value: definition.title.en },
        { key: 'desc', value: definition.advice },
      ],
      autoAnnotation: true,
      sendResolved: true,
      threshold: 1,
      noDataFire: definition.raiseWithoutData ?? false,
      noDataSeverity: SEVERITY[definition.severity],
      policyConfiguration: {
        alertPolicyId: 'sls.builtin.dynamic',
        actionPolicyId: actionPolicyId ?? '',
        repeatInterval: '1h',
      },
    },
  };
}
