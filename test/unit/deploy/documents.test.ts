import * as sdk from '@alicloud/sls20201230';
import { describe, expect, it } from '@jest/globals';
import { collectDocuments } from '../../../deploy/documents.ts';

const { dashboards, savedSearches, alerts } = collectDocuments({
  project: 'idv-test',
  region: 'ap-southeast-1',
  alertReceiver: 'policy-1',
});
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('the documents', () => {
  it('are these, the view first among the searches', () => {
    expect(dashboards.map(({ dashboardName }) => dashboardName)).toEqual(['idv-drop-off', 'idv-operations']);
    expect(savedSearches.map(({ savedsearchName }) => savedsearchName)).toEqual([
      'idv-view',
      'idv-lost',
      'idv-no-answer',
      'idv-timeline',
    ]);
    expect(alerts.map(({ name }) => name)).toEqual([
      'idv-residual',
      'idv-no-run',
      'idv-run-failed',
      'idv-upstream-down',
      'idv-forbidden',
      'idv-invalid-cursor',
      'idv-lag',
      'idv-near-end',
      'idv-throttled',
      'idv-interrupted-up',
      'idv-camera-refused-up',
      'idv-unknown-values',
    ]);
  });

  // The SDK's models drop what they do not know: nothing of ours may get lost that way.
  it.each(dashboards.map((document) => [document.dashboardName, document] as const))(
    'dashboard %s passes the SDK whole',
    (_name, document) => {
      expect(plain(new sdk.Dashboard({ ...document }).toMap())).toEqual(plain(document));
    },
  );

  it.each(alerts.map((document) => [document.name, document] as const))(
    'alert %s passes the SDK whole',
    (_name, document) => {
      expect(
        plain(
          new sdk.CreateAlertRequest({
            ...document,
            configuration: new sdk.AlertConfiguration(document.configuration),
            schedule: new sdk.Schedule(document.schedule),
          }).toMap(),
        ),
      ).toEqual(plain(document));
    },
  );

  it.each(savedSearches.map((document) => [document.savedsearchName, document] as const))(
    'saved search %s passes the SDK whole',
    (_name, document) => {
      expect(plain(new sdk.CreateSavedSearchRequest({ ...document }).toMap())).toEqual(plain(document));
    },
  );
});

describe('a dashboard', () => {
  it.each(dashboards.map((document) => [document.dashboardName, document] as const))(
    '%s fills a grid of 24 columns without overlap',
    (_, document) => {
      const taken = new Set<string>();
      for (const chart of document.charts) {
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

  it('keeps the query of a chart on one line, beside where it is asked', () => {
    const operations = dashboards.find(({ dashboardName }) => dashboardName === 'idv-operations');
    const chart = operations?.charts.find(({ title }) => title === 'run-ends');
    const query =
      '* | SELECT ended, count(1) AS n, sum(asked) AS transactions FROM log GROUP BY ended ORDER BY n DESC, ended LIMIT 100';
    expect(chart).toMatchObject({
      title: 'run-ends',
      type: 'barpro',
      search: {
        logstore: 'idv-sweeps',
        query: '@',
        start: '-604800s',
        end: 'now',
        chartQueries: [
          {
            name: 'A',
            datasource: 'logstore',
            project: 'idv-test',
            logstore: 'idv-sweeps',
            query,
            tokenQuery: query,
          },
        ],
      },
      display: {
        basicOptions: { displayName: 'Why runs ended · 运行结束原因' },
        queryOptionMap: { A: { name: 'A', xAxisKey: 'ended', yAxisKeys: ['n'] } },
        width: 12,
        height: 5,
      },
    });
  });
});

describe('a saved search', () => {
  it('keeps its query on one line', () => {
    const document = savedSearches.find(({ savedsearchName }) => savedsearchName === 'idv-no-answer');
    expect(document).toMatchObject({
      displayName: 'Ended without an answer · 未获得结果',
      logstore: 'idv-records',
      topic: '',
    });
    expect(document?.searchQuery).toMatch(
      /^\* \| SELECT transaction_id, disposition, code, attempt, asked_at_ms FROM \(.+ ORDER BY asked_at_ms DESC LIMIT 1000$/,
    );
  });
});

describe('an alert', () => {
  it('is this document', () => {
    expect(plain(alerts.find(({ name }) => name === 'idv-invalid-cursor'))).toEqual({
      name: 'idv-invalid-cursor',
      displayName: 'The place in the queue was lost · 队列位点丢失',
      description: expect.stringContaining('the queue was read again from its beginning'),
      schedule: { type: 'FixedRate', interval: '900s' },
      configuration: {
        version: '2.0',
        type: 'default',
        dashboard: 'internal-alert-analysis',
        queryList: [
          {
            storeType: 'log',
            region: 'ap-southeast-1',
            project: 'idv-test',
            store: 'idv-sweeps',
            query: '* | SELECT coalesce(sum(invalid_cursors), 0) AS invalid_cursors FROM log LIMIT 1',
            timeSpanType: 'Relative',
            start: '-3600s',
            end: 'now',
            powerSqlMode: 'auto',
          },
        ],
        groupConfiguration: { type: 'no_group', fields: [] },
        joinConfigurations: [],
        severityConfigurations: [
          { severity: 8, evalCondition: { condition: 'invalid_cursors > 0', countCondition: '' } },
        ],
        labels: [{ key: 'product', value: 'idv-dropoff' }],
        annotations: [
          { key: 'title', value: 'The place in the queue was lost' },
          { key: 'desc', value: expect.stringContaining('the queue was read again from its beginning') },
        ],
        autoAnnotation: true,
        sendResolved: true,
        threshold: 1,
        noDataFire: false,
        noDataSeverity: 8,
        policyConfiguration: {
          alertPolicyId: 'sls.builtin.dynamic',
          actionPolicyId: 'policy-1',
          repeatInterval: '1h',
        },
      },
    });
  });

  it.each([
    ['idv-residual', 'idv-pending', '-86400s', '3600s', 10],
    ['idv-no-run', 'idv-sweeps', '-1800s', '300s', 10],
    ['idv-run-failed', 'idv-sweeps', '-3600s', '300s', 8],
    ['idv-upstream-down', 'idv-sweeps', '-3600s', '300s', 6],
    ['idv-forbidden', 'idv-sweeps', '-3600s', '300s', 8],
    ['idv-invalid-cursor', 'idv-sweeps', '-3600s', '900s', 8],
    ['idv-lag', 'idv-sweeps', '-900s', '300s', 6],
    ['idv-near-end', 'idv-sweeps', '-3600s', '900s', 8],
    ['idv-throttled', 'idv-sweeps', '-3600s', '900s', 6],
    ['idv-interrupted-up', 'idv-records', '-14400s', '900s', 8],
    ['idv-camera-refused-up', 'idv-records', '-14400s', '900s', 6],
    ['idv-unknown-values', 'idv-records', '-86400s', '3600s', 6],
  ])('%s asks %s over %s, every %s, with severity %i', (name, store, start, interval, severity) => {
    expect(alerts.find((alert) => alert.name === name)).toMatchObject({
      schedule: { interval },
      configuration: {
        queryList: [{ store, start, end: 'now' }],
        severityConfigurations: [{ severity }],
      },
    });
  });

  it('is raised without data only where silence is the trouble', () => {
    const silent = alerts.filter(({ configuration }) => configuration.noDataFire);
    expect(silent.map(({ name }) => name)).toEqual(['idv-no-run']);
    expect(alerts).toHaveLength(12);
  });
});
