import { type FieldRules, isJsonObject, type JsonObject, violations } from '../envelope/validate.ts';

/**
 * What dashboards, saved searches, alerts and scheduled SQL must look like. Sources: Go SDK client_dashboard.go,
 * the CLI's dashboard_1.json and savedsearch_1.json, the help page of CreateAlert, the model classes of
 * @alicloud/sls20201230 (read 2026-11-23).
 */

const DASHBOARD_RULES: FieldRules = {
  dashboardName: { type: 'string', required: true, pattern: /^[0-9A-Za-z][0-9A-Za-z_-]{0,126}[0-9A-Za-z]$/ },
  displayName: { type: 'string', required: true, min: 1, max: 512 },
  description: { type: 'string', max: 4096 },
  attribute: { type: 'object' },
  charts: { type: 'array', required: true, max: 100 },
};

const CHART_RULES: FieldRules = {
  title: { type: 'string', required: true, min: 1, max: 100 },
  type: { type: 'string', required: true, min: 1 },
  search: { type: 'object', required: true },
  display: { type: 'object', required: true },
  action: { type: 'object' },
};

const SEARCH_RULES: FieldRules = {
  logstore: { type: 'string' },
  topic: { type: 'string' },
  query: { type: 'string' },
  start: { type: 'string' },
  end: { type: 'string' },
  chartQueries: { type: 'array' },
};

const DISPLAY_RULES: FieldRules = {
  xPos: { type: 'number', min: 0 },
  yPos: { type: 'number', min: -1 },
  width: { type: 'number', min: 0 },
  height: { type: 'number', min: 0 },
  displayName: { type: 'string', max: 512 },
};

/** Lists what is wrong with a dashboard. */
export function dashboardViolations(document: JsonObject): string[] {
  const found = violations(document, DASHBOARD_RULES);
  const titles = new Set<unknown>();
  for (const [i, chart] of (Array.isArray(document.charts) ? document.charts : []).entries()) {
    const prefix = `charts[${i}].`;
    if (!isJsonObject(chart)) {
      found.push(`charts[${i}] must be of type object`);
      continue;
    }
    found.push(...violations(chart, CHART_RULES, prefix));
    if (isJsonObject(chart.search)) found.push(...violations(chart.search, SEARCH_RULES, `${prefix}search.`));
    if (isJsonObject(chart.display))
      found.push(...violations(chart.display, DISPLAY_RULES, `${prefix}display.`));
    if (titles.has(chart.title)) found.push(`${prefix}title is there twice`);
    titles.add(chart.title);
  }
  return found;
}

const SAVED_SEARCH_RULES: FieldRules = {
  savedsearchName: { type: 'string', required: true, pattern: /^[0-9A-Za-z][0-9A-Za-z_-]{1,61}[0-9A-Za-z]$/ },
  displayName: { type: 'string', required: true, min: 1, max: 512 },
  logstore: { type: 'string', required: true, min: 1 },
  searchQuery: { type: 'string', required: true },
  topic: { type: 'string' },
};

/** Lists what is wrong with a saved search. */
export function savedSearchViolations(document: JsonObject): string[] {
  return violations(document, SAVED_SEARCH_RULES);
}

const JOB_RULES: FieldRules = {
  name: { type: 'string', required: true, pattern: /^[0-9A-Za-z][0-9A-Za-z_-]{0,126}[0-9A-Za-z]$/ },
  displayName: { type: 'string', required: true, min: 1, max: 512 },
  description: { type: 'string', max: 4096 },
  schedule: { type: 'object', required: true },
  configuration: { type: 'object', required: true },
};

const SCHEDULE_RULES: FieldRules = {
  type: {
    type: 'string',
    required: true,
    oneOf: ['FixedRate', 'Hourly', 'Daily', 'Weekly', 'Cron', 'DryRun', 'Resident'],
  },
  interval: { type: 'string', pattern: /^\d+[smhd]$/ },
  cronExpression: { type: 'string' },
  timeZone: { type: 'string' },
  delay: { type: 'integer', min: 0 },
  runImmediately: { type: 'boolean' },
};

function jobViolations(document: JsonObject): string[] {
  const found = violations(document, JOB_RULES);
  const { schedule } = document;
  if (!isJsonObject(schedule)) return found;
  found.push(...violations(schedule, SCHEDULE_RULES, 'schedule.'));
  if (schedule.type === 'FixedRate' && typeof schedule.interval !== 'string') {
    found.push('schedule.interval is required');
  }
  if (schedule.type === 'Cron' && typeof schedule.cronExpression !== 'string') {
    found.push('schedule.cronExpression is required');
  }
  return found;
}

const ALERT_RULES: FieldRules = {
  version: { type: 'string' },
  dashboard: { type: 'string' },
  queryList: { type: 'array', required: true, min: 1, max: 3 },
  severityConfigurations: { type: 'array' },
  labels: { type: 'array' },
  annotations: { type: 'array' },
  groupConfiguration: { type: 'object' },
  joinConfigurations: { type: 'array' },
  policyConfiguration: { type: 'object' },
  threshold: { type: 'integer', min: 1 },
};

const ALERT_QUERY_RULES: FieldRules = {
  query: { type: 'string', required: true, min: 1 },
  start: { type: 'string', required: true },
  end: { type: 'string', required: true },
  timeSpanType: {
    type: 'string',
    oneOf: ['Truncated', 'Relative', 'Custom', 'Today', 'Yesterday', 'ThisHour'],
  },
  store: { type: 'string' },
};

const DAY_SECONDS = 86_400;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: DAY_SECONDS };

/** A relative time such as `-15m`; 0 for any other. https://help.aliyun.com/document_detail/207711.htm (read 2026-11-24). */
function secondsAgo(start: unknown): number {
  const [, count = 0, unit = ''] = /^-(\d+)([smhd])$/.exec(String(start)) ?? [];
  return Number(count) * (UNIT_SECONDS[unit] ?? 0);
}

const SEVERITIES = [2, 4, 6, 8, 10];

/** Lists what is wrong with an alert rule. */
export function alertViolations(document: JsonObject): string[] {
  const found = jobViolations(document);
  const { configuration } = document;
  if (!isJsonObject(configuration)) return found;
  found.push(...violations(configuration, ALERT_RULES, 'configuration.'));
  for (const [i, query] of listOf(configuration.queryList).entries()) {
    const prefix = `configuration.queryList[${i}]`;
    if (!isJsonObject(query)) {
      found.push(`${prefix} must be of type object`);
      continue;
    }
    found.push(...violations(query, ALERT_QUERY_RULES, `${prefix}.`));
    if (secondsAgo(query.start) > DAY_SECONDS) found.push(`${prefix} spans more than 24 hours`);
  }
  for (const [i, entry] of listOf(configuration.severityConfigurations).entries()) {
    if (isJsonObject(entry) && SEVERITIES.includes(Number(entry.severity))) continue;
    found.push(`configuration.severityConfigurations[${i}].severity must be one of ${SEVERITIES.join(', ')}`);
  }
  return found;
}

const SCHEDULED_SQL_RULES: FieldRules = {
  script: { type: 'string', required: true, min: 1 },
  sourceLogstore: { type: 'string', required: true, min: 1 },
  destLogstore: { type: 'string', required: true, min: 1 },
  fromTimeExpr: { type: 'string' },
  toTimeExpr: { type: 'string' },
};

/** Lists what is wrong with a scheduled SQL job. */
export function scheduledSqlViolations(document: JsonObject): string[] {
  const found = jobViolations(document);
  if (!isJsonObject(document.configuration)) return found;
  return [...found, ...violations(document.configuration, SCHEDULED_SQL_RULES, 'configuration.')];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
