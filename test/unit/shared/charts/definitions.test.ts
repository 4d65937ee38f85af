import { describe, expect, it } from '@jest/globals';
import { TrinoSQL } from 'dt-sql-parser';
import { toSlsDashboard } from '../../../../deploy/sls-dashboard.ts';
import { toSlsAlert } from '../../../../shared/charts/alert.ts';
import { ALERTS } from '../../../../shared/charts/alerts.ts';
import { queryOf } from '../../../../shared/charts/chart.ts';
import { DASHBOARDS } from '../../../../shared/charts/dashboards.ts';
import { SAVED_SEARCHES } from '../../../../shared/charts/saved-searches.ts';
import { EVENTS_LOGSTORE } from '../../../../shared/logstores/events.ts';
import { PENDING_LOGSTORE } from '../../../../shared/logstores/pending.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../../../../shared/logstores/records.ts';
import { SWEEPS_LOGSTORE } from '../../../../shared/logstores/sweeps.ts';

const parser = new TrinoSQL();

const charts = DASHBOARDS.flatMap(({ sections }) => sections.flatMap((section) => section.charts));
const queries: ReadonlyArray<readonly [string, string, string]> = [
  ...charts.map((chart) => [chart.id, chart.logstore, queryOf(chart)] as const),
  ...charts
    .filter(({ labelled }) => labelled)
    .map(
      (chart) =>
        [
          `${chart.id}, narrowed`,
          chart.logstore,
          queryOf(chart, "json_extract_scalar(labels, '$.a') = 'b'"),
        ] as const,
    ),
  ...ALERTS.map((alert) => [alert.name, alert.logstore, alert.query] as const),
  ...SAVED_SEARCHES.map((saved) => [saved.name, saved.logstore, saved.query] as const),
];

function sqlOf(query: string): string {
  const bar = query.indexOf('|');
  return query.slice(bar + 1).trim();
}

function grammarErrors(sql: string): string[] {
  return parser.validate(`${sql};`).map(({ message }) => message);
}

describe('every query of the dashboards, alerts and saved searches', () => {
  it.each(queries)('%s is Trino SQL behind a search part', (_, __, query) => {
    expect(query).toMatch(/^\* \| (SELECT|WITH) /);
    expect(grammarErrors(sqlOf(query))).toEqual([]);
  });

  it('would not pass with a slip in it (the parser does look)', () => {
    expect(grammarErrors('SELECT count(1) FROM log GROUP stage')).not.toEqual([]);
    expect(grammarErrors('SELECT count(1 FROM log')).not.toEqual([]);
  });

  it.each(queries)('%s says how many rows it wants, since 100 is the silent default', (_, __, query) => {
    expect(query).toMatch(/ LIMIT \d+$/);
  });

  it.each(queries)('%s has no LIMIT with an offset and no closing semicolon', (_, __, query) => {
    expect(query).not.toMatch(/LIMIT \d+\s*,/);
    expect(query).not.toContain(';');
  });

  it.each(queries.filter(([, logstore]) => logstore === RECORDS_LOGSTORE))(
    '%s counts each transaction once: it starts from the view',
    (_, __, query) => {
      expect(query).toMatch(/partition by transaction_id order by view_key desc/);
    },
  );
});

describe('the definitions', () => {
  it('have names of their own that SLS takes', () => {
    const ids = charts.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z][0-9a-z_-]{0,98}[0-9a-z]$/);
    for (const { name } of DASHBOARDS) expect(name).toMatch(/^[0-9a-z][0-9a-z_-]{0,126}[0-9a-z]$/);
    for (const { name } of SAVED_SEARCHES) expect(name).toMatch(/^[0-9a-z][0-9a-z_-]{1,61}[0-9a-z]$/);
  });

  it.each(charts.map((chart) => [chart.id, chart] as const))(
    '%s: axes and drill name its columns',
    (_, chart) => {
      const names = chart.columns.map(({ name }) => name);
      for (const name of [chart.x, ...(chart.y ?? []), chart.series, chart.drill?.column]) {
        if (name !== undefined) expect(names).toContain(name);
      }
      if (chart.drill !== undefined) expect(Object.keys(RECORD_FIELDS)).toContain(chart.drill.field);
    },
  );

  it.each(charts.map((chart) => [chart.id, chart] as const))('%s is said in both languages', (_, chart) => {
    for (const text of [chart.title, chart.question, ...chart.columns.map(({ title }) => title)]) {
      expect(text.en).not.toBe('');
      expect(text.zh).not.toBe('');
    }
    expect(chart.metric.length).toBeGreaterThan(10);
  });

  it.each(charts.map((chart) => [chart.id, chart] as const))('%s reads a logstore of ours', (_, chart) => {
    expect([PENDING_LOGSTORE, RECORDS_LOGSTORE, EVENTS_LOGSTORE, SWEEPS_LOGSTORE]).toContain(chart.logstore);
  });
});

describe('toSlsDashboard', () => {
  it.each(DASHBOARDS.map((definition) => [definition.name, definition] as const))(
    '%s fills a grid of 24 columns without overlap',
    (_, definition) => {
      const taken = new Set<string>();
      for (const chart of toSlsDashboard(definition, 'p').charts) {
        const { xPos, yPos, width, height } = chart['display'] as Record<
          'xPos' | 'yPos' | 'width' | 'height',
          number
        >;
        expect(xPos + width).toBeLessThanOrEqual(24);
        for (let x = xPos; x < xPos + width; x += 1) {
          for (let y = yPos; y < yPos + height; y += 1) {
            expect(taken.has(`${x},${y}`)).toBe(false);
            taken.add(`${x},${y}`);
          }
        }
      }
    },
  );
});

describe('toSlsAlert', () => {
  // https://help.aliyun.com/document_detail/207711.htm (read 2026-11-24)
  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s looks back 24 hours at most',
    (_, alert) => {
      expect(alert.windowSeconds).toBeLessThanOrEqual(86_400);
    },
  );

  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s asks its own logstore over its window',
    (_, alert) => {
      const document = toSlsAlert(alert, { project: 'p', region: 'r', actionPolicyId: 'people' });
      expect(document.configuration.queryList).toEqual([
        expect.objectContaining({
          store: alert.logstore,
          query: alert.query,
          start: `-${alert.windowSeconds}s`,
          end: 'now',
        }),
      ]);
      expect(document.configuration.policyConfiguration.actionPolicyId).toBe('people');
      const columns = [...alert.condition.matchAll(/[a-z_]+/g)].map(([name]) => name);
      for (const name of columns) expect(alert.query).toMatch(new RegExp(`(AS|SELECT) ${name}\\b`));
    },
  );
});
