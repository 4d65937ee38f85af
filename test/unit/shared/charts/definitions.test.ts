import { describe, expect, it } from '@jest/globals';
import { TrinoSQL } from 'dt-sql-parser';
import { ALERTS } from '../../../../shared/charts/alerts.ts';
import { narrowedQueryOf, queryOf } from '../../../../shared/charts/chart.ts';
import { CHARTS, DASHBOARDS } from '../../../../shared/charts/dashboards.ts';
import { SAVED_SEARCHES } from '../../../../shared/charts/saved-searches.ts';
import { squeeze } from '../../../../shared/charts/sql.ts';
import { EVENTS_LOGSTORE } from '../../../../shared/logstores/events.ts';
import { PENDING_LOGSTORE } from '../../../../shared/logstores/pending.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../../../../shared/logstores/records.ts';
import { SWEEPS_LOGSTORE } from '../../../../shared/logstores/sweeps.ts';

const parser = new TrinoSQL();

/** On one line, as they are deployed; that the written form gives the same rows is an integration test. */
const queries = [
  ...CHARTS.map((chart) => [chart.id, chart.logstore, queryOf(chart)] as const),
  ...CHARTS.filter(({ labelled }) => labelled !== false).map(
    (chart) =>
      [
        `${chart.id}, narrowed`,
        chart.logstore,
        narrowedQueryOf(chart, "json_extract_scalar(labels, '$.a') = 'b'"),
      ] as const,
  ),
  ...ALERTS.map((alert) => [alert.name, alert.logstore, queryOf(alert)] as const),
  ...SAVED_SEARCHES.map((saved) => [saved.name, saved.logstore, queryOf(saved)] as const),
].map(([name, logstore, query]) => [name, logstore, squeeze(query)] as const);

function sqlOf(query: string): string {
  const bar = query.indexOf('|');
  return query.slice(bar + 1).trim();
}

function grammarErrors(sql: string): string[] {
  return parser.validate(`${sql};`).map(({ message }) => message);
}

describe('every query of the dashboards, alerts and saved searches', () => {
  it.each(queries)('%s is Trino SQL behind a search part, on one line', (_, __, query) => {
    expect(query).toMatch(/^\* \| (SELECT|WITH) /);
    expect(query).not.toMatch(/\s{2}|[\n\t]/);
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

  // Without FROM, SLS reads the logstore that is queried.
  it.each(queries)('%s reads from something in every SELECT', (_, __, query) => {
    const selects = query.match(/\bSELECT\b/gi) ?? [];
    expect(query.match(/\bFROM\b/gi)).toHaveLength(selects.length);
  });

  // SLS repeats what stands below `compare` over another time, and documents that for sub-queries only.
  it.each(queries.filter(([, , query]) => query.includes('compare(')))(
    '%s has no named part beside compare',
    (_, __, query) => {
      expect(query).not.toMatch(/\bWITH\b/i);
    },
  );

  it.each(queries.filter(([, logstore]) => logstore === RECORDS_LOGSTORE))(
    '%s counts each transaction once: it starts from the view',
    (_, __, query) => {
      expect(query).toMatch(/PARTITION BY transaction_id ORDER BY view_key DESC/);
    },
  );
});

describe('the definitions', () => {
  it('are these, section by section', () => {
    const sections = DASHBOARDS.map(({ name, sections: parts }) => [
      name,
      Object.fromEntries(parts.map(({ title, charts }) => [title.en, charts.map(({ id }) => id)])),
    ]);
    expect(Object.fromEntries(sections)).toEqual({
      'idv-drop-off': {
        'At a glance': [
          'headline-registered',
          'headline-opened',
          'headline-finished',
          'headline-passed',
          'headline-interrupted',
          'headline-not-started',
          'trend',
        ],
        Where: ['funnel', 'funnel-by-solution', 'where-stage', 'where-page'],
        Why: ['why-cause', 'factors', 'breakdown'],
        'Time and patience': ['stay-by-stage', 'patience'],
        Friction: ['leave-after-retries', 'permission-outcomes', 'edit-burden'],
        'People we lost': ['latest-lost'],
        'Can the figures be trusted?': ['data-quality', 'contradictions'],
      },
      'idv-operations': {
        'Is anything missing?': ['ledger', 'no-answer'],
        'The sweep': ['newest-run', 'run-ends', 'pace', 'queue-work', 'latest-runs'],
      },
    });
  });

  it('have names that SLS takes, each once', () => {
    for (const { id } of CHARTS) expect(id).toMatch(/^[0-9a-z][0-9a-z_-]{0,98}[0-9a-z]$/);
    for (const { name } of DASHBOARDS) expect(name).toMatch(/^[0-9a-z][0-9a-z_-]{0,126}[0-9a-z]$/);
    for (const { name } of SAVED_SEARCHES) expect(name).toMatch(/^[0-9a-z][0-9a-z_-]{1,61}[0-9a-z]$/);
    const names = [...CHARTS.map(({ id }) => id), ...[...ALERTS, ...SAVED_SEARCHES].map(({ name }) => name)];
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
  });

  it.each(CHARTS.map((chart) => [chart.id, chart] as const))(
    '%s: axes and drill name its columns',
    (_, chart) => {
      const names = chart.columns.map(({ name }) => name);
      for (const name of [chart.x, ...(chart.y ?? []), chart.series, chart.drill?.column]) {
        if (name !== undefined) expect(names).toContain(name);
      }
      const { field, reads = [] } = chart.drill ?? {};
      for (const name of [...(field === undefined ? [] : [field]), ...reads]) {
        expect(Object.keys(RECORD_FIELDS)).toContain(name);
      }
    },
  );

  it('count a field alike wherever a click on it leads', () => {
    const drills = CHARTS.flatMap(({ drill }) => drill ?? []);
    for (const { field, counted, several } of drills) {
      const others = drills.filter((other) => other.field === field);
      expect(others.map((other) => [other.counted, other.several])).toEqual(
        others.map(() => [counted, several]),
      );
    }
  });

  it.each(CHARTS.map((chart) => [chart.id, chart] as const))('%s is said in both languages', (_, chart) => {
    for (const text of [chart.title, chart.question]) {
      expect(text.en).toMatch(/[a-z]/);
      expect(text.zh).toMatch(/\p{Script=Han}/u);
    }
    for (const { title } of chart.columns) {
      expect(title.en).not.toMatch(/\p{Script=Han}|^$/u);
      expect(title.zh).toMatch(/\p{Script=Han}|^p\d\d$/u);
    }
    expect(chart.metric).toMatch(/^\P{Script=Han}+\.$/u);
  });

  it.each(CHARTS.map((chart) => [chart.id, chart] as const))('%s reads a logstore of ours', (_, chart) => {
    expect([PENDING_LOGSTORE, RECORDS_LOGSTORE, EVENTS_LOGSTORE, SWEEPS_LOGSTORE]).toContain(chart.logstore);
  });
});

describe('the alerts', () => {
  // https://help.aliyun.com/document_detail/207711.htm (read 2026-11-24)
  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s looks back 24 hours at most',
    (_, alert) => {
      expect(alert.windowSeconds).toBeLessThanOrEqual(86_400);
    },
  );

  // https://www.alibabacloud.com/help/doc-detail/91784.htm (read 2026-11-24)
  it.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s has a condition of at most 128 characters, on columns of its row',
    (_, { condition, sql }) => {
      expect(condition.length).toBeLessThanOrEqual(128);
      const columns = [...condition.matchAll(/[a-z_]+/g)].map(([name]) => name);
      expect(columns).not.toEqual([]);
      for (const name of columns) expect(sql).toMatch(new RegExp(` AS ${name}\\b`));
    },
  );
});
