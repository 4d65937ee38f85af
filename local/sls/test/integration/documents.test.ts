import * as sdk from '@alicloud/sls20201230';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSdkClient } from '../support/official-clients.ts';
import { createRawClient } from '../support/raw-client.ts';
import { openTarget, type Target } from '../support/target.ts';

const LIMIT_MS = 180_000;

const chart = (title: string) => ({
  title,
  type: 'linepro',
  action: {},
  search: {
    logstore: 'idv-records',
    topic: '',
    query: '@',
    start: '-86400s',
    end: 'now',
    chartQueries: [{ name: 'A', datasource: 'logstore', query: '* | select count(*) as n', tokenQuery: '' }],
  },
  display: {
    basicOptions: { displayName: 'Verläufe 漏斗' },
    xPos: 0,
    yPos: 0,
    width: 8,
    height: 9,
    displayName: '',
  },
});

const alert = (name: string) => ({
  name,
  displayName: 'Residual above zero',
  description: '',
  schedule: { type: 'FixedRate', interval: '1m', delay: 0, runImmediately: false },
  configuration: {
    version: '2.0',
    type: 'default',
    dashboard: 'internal-alert-analysis',
    queryList: [
      {
        storeType: 'log',
        store: 'idv-records',
        query: '* | select count(*) cnt',
        timeSpanType: 'Relative',
        start: '-15m',
        end: 'now',
        powerSqlMode: 'auto',
      },
    ],
    groupConfiguration: { type: 'no_group', fields: [] },
    joinConfigurations: [],
    severityConfigurations: [{ severity: 6, evalCondition: { condition: 'cnt > 0', countCondition: '' } }],
    annotations: [{ key: 'title', value: 't' }],
    threshold: 1,
    noDataFire: false,
    noDataSeverity: 6,
    policyConfiguration: {
      alertPolicyId: 'sls.builtin.dynamic',
      actionPolicyId: 'none',
      repeatInterval: '5m',
    },
  },
});

/** Dashboards, saved searches and alerts: kept, validated, returned. */
describe('documents through @alicloud/sls20201230', () => {
  let target: Target;
  let client: ReturnType<typeof createSdkClient>;
  let project = '';

  beforeAll(async () => {
    target = await openTarget();
    client = createSdkClient(target);
    project = target.newName('idv-docs');
    await client.createProject(new sdk.CreateProjectRequest({ projectName: project, description: '' }));
    await target.settle();
  }, LIMIT_MS);

  afterAll(async () => {
    try {
      await client.deleteProject(project, new sdk.DeleteProjectRequest({}));
    } finally {
      await target.close();
    }
  });

  it(
    'keeps a dashboard as it was given',
    async () => {
      const name = 'idv-funnel';
      const dashboard = {
        dashboardName: name,
        displayName: 'Funnel',
        description: 'd',
        attribute: { type: 'grid' },
      };
      await client.createDashboard(
        project,
        new sdk.CreateDashboardRequest({
          body: new sdk.Dashboard({ ...dashboard, charts: [chart('chart-1')] }),
        }),
      );
      await target.settle();
      const raw = createRawClient(target);
      const shown = async () =>
        (await raw({ project, path: `/dashboards/${name}` })).json<{ charts: object[] }>();
      expect(await shown()).toMatchObject({ ...dashboard, charts: [chart('chart-1')] });
      await client.updateDashboard(
        project,
        name,
        new sdk.UpdateDashboardRequest({ ...dashboard, charts: [chart('chart-1'), chart('chart-2')] }),
      );
      await target.settle();
      expect((await shown()).charts).toHaveLength(2);
      const list = await client.listDashboard(project, new sdk.ListDashboardRequest({ offset: 0, size: 10 }));
      expect(list.body?.dashboards).toEqual([name]);
      expect(list.body?.dashboardItems).toMatchObject([{ dashboardName: name, displayName: 'Funnel' }]);
      await client.deleteDashboard(project, name);
      await target.settle();
      await expect(client.getDashboard(project, name)).rejects.toMatchObject({ code: 'DashboardNotExist' });
    },
    LIMIT_MS,
  );

  it.each([
    ['no charts', { charts: undefined }, /charts is required/],
    ['a name with a space', { dashboardName: 'my dashboard' }, /dashboardName has a form/],
    ['a chart twice', { charts: [chart('same'), chart('same')] }, /title is there twice/],
    [
      'a chart without a search',
      { charts: [{ ...chart('c'), search: undefined }] },
      /charts\[0\].search is required/,
    ],
    [
      'a text for a width',
      { charts: [{ ...chart('c'), display: { width: '8' } }] },
      /width must be of type number/,
    ],
  ])('refuses a dashboard with %s', async (_, change, message) => {
    const body = { dashboardName: 'bad', displayName: 'Bad', charts: [chart('one')], ...change };
    const answer = await createRawClient(target)({
      method: 'POST',
      project,
      path: '/dashboards',
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({
      errorCode: 'ParameterInvalid',
      errorMessage: expect.stringMatching(message),
    });
  });

  it(
    'keeps a saved search',
    async () => {
      const saved = {
        savedsearchName: 'idv-left',
        displayName: 'Left at the face page',
        logstore: 'idv-records',
        topic: '',
        searchQuery: 'stage: FACE',
      };
      await client.createSavedSearch(project, new sdk.CreateSavedSearchRequest(saved));
      await target.settle();
      expect((await client.getSavedSearch(project, saved.savedsearchName)).body).toMatchObject(saved);
      await client.updateSavedSearch(
        project,
        saved.savedsearchName,
        new sdk.UpdateSavedSearchRequest({ ...saved, searchQuery: 'stage: NFC_READ' }),
      );
      await target.settle();
      const list = await client.listSavedSearch(
        project,
        new sdk.ListSavedSearchRequest({ offset: 0, size: 10 }),
      );
      expect(list.body).toMatchObject({
        count: 1,
        total: 1,
        savedsearchItems: [{ searchQuery: 'stage: NFC_READ' }],
      });
      await expect(
        client.createSavedSearch(project, new sdk.CreateSavedSearchRequest({ ...saved, logstore: '' })),
      ).rejects.toMatchObject({ code: 'ParameterInvalid' });
      await client.deleteSavedSearch(project, saved.savedsearchName);
      await target.settle();
      await expect(client.getSavedSearch(project, saved.savedsearchName)).rejects.toMatchObject({
        code: 'SavedSearchNotExist',
      });
    },
    LIMIT_MS,
  );

  it(
    'keeps an alert, and switches it',
    async () => {
      const name = 'idv-residual';
      await client.createAlert(project, new sdk.CreateAlertRequest(alert(name)));
      await target.settle();
      expect((await client.getAlert(project, name)).body).toMatchObject({
        name,
        status: 'ENABLED',
        schedule: { type: 'FixedRate', interval: '1m' },
        configuration: { threshold: 1, severityConfigurations: [{ severity: 6 }] },
      });
      await client.disableAlert(project, name);
      expect((await client.getAlert(project, name)).body).toMatchObject({ status: 'DISABLED' });
      await client.enableAlert(project, name);
      await client.updateAlert(
        project,
        name,
        new sdk.UpdateAlertRequest({ ...alert(name), displayName: 'Other' }),
      );
      await target.settle();
      const list = await client.listAlerts(project, new sdk.ListAlertsRequest({ offset: 0, size: 10 }));
      expect(list.body).toMatchObject({
        count: 1,
        total: 1,
        results: [{ name, displayName: 'Other', status: 'ENABLED' }],
      });
      await client.deleteAlert(project, name);
      await target.settle();
      await expect(client.getAlert(project, name)).rejects.toMatchObject({ code: 'JobNotExist' });
    },
    LIMIT_MS,
  );

  it(
    'reaches an alert as a job, as the older SDKs do',
    async () => {
      const raw = createRawClient(target);
      const name = 'idv-job';
      const send = (method: string, path: string, body?: object, query?: Record<string, string>) =>
        raw({
          method,
          project,
          path,
          ...(query ? { query } : {}),
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
      expect((await send('POST', '/jobs', { ...alert(name), type: 'Alert', state: 'Enabled' })).status).toBe(
        200,
      );
      await target.settle();
      expect((await send('GET', `/jobs/${name}`)).json()).toMatchObject({
        name,
        type: 'Alert',
        status: 'ENABLED',
      });
      const list = await send('GET', '/jobs', undefined, { jobType: 'Alert', offset: '0', size: '10' });
      expect(list.json()).toMatchObject({ total: 1, count: 1 });
      expect((await send('DELETE', `/jobs/${name}`)).status).toBe(200);
    },
    LIMIT_MS,
  );

  it.each([
    ['a severity that is none', { severityConfigurations: [{ severity: 5 }] }, /severity must be one of/],
    ['no queries', { queryList: [] }, /queryList must not be below 1/],
    ['a query without a start', { queryList: [{ query: '*', end: 'now' }] }, /start is required/],
    [
      'a query over more than a day',
      { queryList: [{ query: '*', start: '-86401s', end: 'now', timeSpanType: 'Relative' }] },
      /spans more than 24 hours/,
    ],
  ])('refuses an alert with %s', async (_, change, message) => {
    const base = alert('bad-alert');
    const body = { ...base, configuration: { ...base.configuration, ...change } };
    const answer = await createRawClient(target)({
      method: 'POST',
      project,
      path: '/alerts',
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({
      errorCode: 'ParameterInvalid',
      errorMessage: expect.stringMatching(message),
    });
  });
});
