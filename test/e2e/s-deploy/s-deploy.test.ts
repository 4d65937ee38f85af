import { readFileSync } from 'node:fs';
import * as sdk from '@alicloud/sls20201230';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGSTORES } from '../../../deploy/logstores.ts';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { LOCAL_ACCOUNT_ID } from '../../../local/credentials.ts';
import { RecordingServer } from '../../support/recording-server.ts';
import { World } from '../../support/world.ts';
import { Workspace } from './workspace.ts';

/** The real Serverless Devs, our component, the local SLS; fc3 is replaced by a recorder. No network. */
const REGION = 'ap-southeast-1';
const PROJECT = `idv-${LOCAL_ACCOUNT_ID}-${REGION}`;
const TRUST = readFileSync(new URL('../../../deploy/policies/trust.json', import.meta.url), 'utf8');
const JSON_TYPE = { 'content-type': 'application/json' };

let world: World;
let ram: RecordingServer;
let workspace: Workspace;
let control: SlsControl;

beforeAll(async () => {
  world = await World.open({ project: PROJECT, provisioned: false });
  ram = await new RecordingServer().listen();
  ram.always(200, JSON.stringify({ Role: { AssumeRolePolicyDocument: TRUST } }), JSON_TYPE);
  workspace = new Workspace({ sls: world.sls.url, ram: ram.url });
  control = new SlsControl(world.place);
});
afterAll(async () => {
  workspace.remove();
  await world.close();
  await ram.close();
});

const logstores = async () =>
  (await control.listLogStores(PROJECT, new sdk.ListLogStoresRequest({}))).body?.logstores ?? [];

// One story, told in order: each step starts from what the one before left.
describe('s', () => {
  it('verify accepts s.yaml', async () => {
    const { code, output } = await workspace.run(['verify']);
    expect(output).toContain('Format verification');
    expect(code).toBe(0);
  });

  it('plan shows everything and makes nothing', async () => {
    const { code, output } = await workspace.run(['plan']);
    expect(code).toBe(0);
    expect(output).toContain(`create project ${PROJECT}`);
    expect(output).toContain('create dashboard ');
    expect(await world.slsWrites()).toBe(0);
    workspace.takeRecords();
  });

  it('deploy builds, then SLS, then the functions', async () => {
    expect(workspace.built).toBe(false);
    const { code, output } = await workspace.run(['deploy', '-y']);
    expect(output).toMatch(/SLS: \d+ created, 0 updated/);
    expect(code).toBe(0);
    expect(workspace.built).toBe(true);
    expect(workspace.takeRecords().map(({ method, resource }) => `${method} ${resource}`)).toEqual([
      'deploy lookup',
      'deploy sweep',
    ]);
  });

  it('leaves in SLS what the functions need', async () => {
    expect([...(await logstores())].sort()).toEqual([
      'idv-events',
      'idv-functions',
      'idv-pending',
      'idv-records',
      'idv-sweeps',
    ]);
    for (const { name, index } of LOGSTORES) {
      const { body } = await control.getIndex(PROJECT, name);
      expect(Object.keys(body?.keys ?? {}).sort()).toEqual(Object.keys(index.keys).sort());
    }
    const groups = (await control.listConsumerGroup(PROJECT, 'idv-pending')).body;
    expect(groups?.map(({ name, timeout }) => [name, timeout])).toEqual([['idv-sweep', 60]]);
    const dashboards = await control.listDashboard(PROJECT, new sdk.ListDashboardRequest({}));
    expect(dashboards.body?.dashboards).toContain('idv-drop-off');
    const searches = await control.listSavedSearch(PROJECT, new sdk.ListSavedSearchRequest({}));
    expect(searches.body?.savedsearchItems?.map(({ savedsearchName }) => savedsearchName)).toContain(
      'idv-view',
    );
    const alerts = await control.listAlerts(PROJECT, new sdk.ListAlertsRequest({}));
    expect(alerts.body?.results?.map(({ name }) => name)).toContain('idv-residual');
  });

  it('deploy a second time writes nothing to SLS', async () => {
    const before = await world.slsWrites();
    // The project, five logstores with their indexes, the group, 4 saved searches, 2 dashboards, 12 alerts.
    expect(before).toBe(30);
    const { code, output } = await workspace.run(['deploy', '-y']);
    expect(code).toBe(0);
    expect(output).toContain('SLS is as it should be');
    expect(await world.slsWrites()).toBe(before);
  });

  it('deploy of one function alone needs nothing of the others', async () => {
    workspace.takeRecords();
    expect((await workspace.run(['lookup', 'deploy', '-y'])).code).toBe(0);
    expect(workspace.takeRecords()).toHaveLength(1);
  });

  it('info shows where to click', async () => {
    const { output } = await workspace.run(['sls', 'info']);
    expect(output).toContain(`/${PROJECT}/dashboard/idv-drop-off`);
  });

  it('a refused right gives one line, and the next deploy finishes', async () => {
    await control.deleteDashboard(PROJECT, 'idv-drop-off');
    const fail = [{ action: 'CreateDashboard', logstore: '*', times: 1, answer: 'Unauthorized' }];
    await world.control(world.sls, { fail });
    workspace.takeRecords();
    const refused = await workspace.run(['deploy', '-y']);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/check the deploying user's rights .*then deploy again/);
    // The functions come after SLS: none was touched.
    expect(workspace.takeRecords()).toEqual([]);
    const again = await workspace.run(['deploy', '-y']);
    expect(again.code).toBe(0);
    expect(again.output).toContain('created dashboard idv-drop-off');
  });

  it('a missing role gives one line, and nothing is written', async () => {
    ram.always(404, '{"Code":"EntityNotExist.Role","Message":"x"}', JSON_TYPE);
    const before = await world.slsWrites();
    const { code, output } = await workspace.run(['deploy', '-y']);
    ram.always(200, JSON.stringify({ Role: { AssumeRolePolicyDocument: TRUST } }), JSON_TYPE);
    expect(code).not.toBe(0);
    expect(output).toContain('there is no role idv-dropoff: create it');
    expect(await world.slsWrites()).toBe(before);
  });

  it('another region is another deployment of the same file', async () => {
    workspace.takeRecords();
    const { code } = await workspace.run(['deploy', '-y'], { IDV_REGION: 'cn-hongkong' });
    expect(code).toBe(0);
    const [lookup] = workspace.takeRecords();
    expect(lookup?.props).toMatchObject({
      region: 'cn-hongkong',
      logConfig: { project: `idv-${LOCAL_ACCOUNT_ID}-cn-hongkong` },
      environmentVariables: { SLS_PROJECT: `idv-${LOCAL_ACCOUNT_ID}-cn-hongkong` },
    });
    expect(await logstores()).toHaveLength(5);
  });

  it('remove keeps rows, and with --with-data does not', async () => {
    await world.put('idv-pending', [{ transaction_id: 't' }]);
    const kept = await workspace.run(['remove', '-y']);
    expect(kept.code).toBe(0);
    expect(kept.output).toContain('kept logstore idv-pending: it holds rows');
    expect(await logstores()).toEqual(['idv-pending']);
    expect(workspace.takeRecords().map(({ method }) => method)).toEqual(['remove', 'remove']);

    expect((await workspace.run(['sls', 'remove', '--with-data', '-y'])).code).toBe(0);
    await expect(control.getProject(PROJECT)).rejects.toMatchObject({ serverCode: 'ProjectNotExist' });
  });

  it('has tried to reach nothing beyond this machine', () => {
    expect(workspace.callsOut).toEqual([]);
  });
});

describe('the guard against the network', () => {
  it('would have caught a call', async () => {
    const abroad = new Workspace({ sls: 'http://sls.invalid', ram: ram.url });
    try {
      const { code, output } = await abroad.run(['deploy', '-y']);
      expect(code).not.toBe(0);
      expect(output).toContain('http://sls.invalid does not answer: is the region right');
      expect(abroad.callsOut).toContain(`${PROJECT}.sls.invalid:80`);
    } finally {
      abroad.remove();
    }
  });
});
