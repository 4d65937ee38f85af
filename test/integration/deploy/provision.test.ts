import * as sdk from '@alicloud/sls20201230';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ProvisionOptions, plan, provision } from '../../../deploy/provision.ts';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { RECORD_FIELDS } from '../../../shared/logstores/records.ts';
import { World } from '../../support/world.ts';

const PROJECT = 'idv-test';
const DESCRIPTION = 'Identity verification drop-off, made by idv-dropoff';

let world: World;
let options: ProvisionOptions;
let control: SlsControl;

beforeEach(async () => {
  world = await World.open({ project: PROJECT, provisioned: false });
  // Waits are counted, not slept: what is waited for here comes with the next answer.
  options = { ...world.place, sleep: async () => {} };
  control = new SlsControl(options);
});
afterEach(() => world.close());

const fail = (...rules: object[]) => world.control(world.sls, { fail: rules });

describe('provision', () => {
  it('makes everything, in an order in which each index is there before the first row can be', async () => {
    const lines: string[] = [];
    const { changes, created } = await provision({ ...options, log: (line) => lines.push(line) });
    expect(created).toBe(changes.length);
    expect(lines).toHaveLength(changes.length);
    expect(changes[0]).toMatchObject({ kind: 'project', name: PROJECT });
    for (const name of ['idv-pending', 'idv-records', 'idv-events', 'idv-sweeps', 'idv-functions']) {
      const at = changes.findIndex((change) => change.kind === 'logstore' && change.name === name);
      expect(changes[at + 1]).toMatchObject({ kind: 'index', name });
    }
    expect((await control.getProject(PROJECT)).body?.description).toBe(DESCRIPTION);
  });

  it.each([
    ['idv-pending', 45, false],
    ['idv-records', 180, true],
    ['idv-events', 90, true],
    ['idv-sweeps', 90, true],
    ['idv-functions', 30, true],
  ])('%s has one shard, keeps %i days, tags the receive time', async (name, ttl, autoSplit) => {
    await provision(options);
    expect((await control.getLogStore(PROJECT, name)).body).toMatchObject({
      ttl,
      autoSplit,
      appendMeta: true,
      shardCount: 1,
    });
    expect((await control.listShards(PROJECT, name)).body).toHaveLength(1);
  });

  it('indexes every field of the tables', async () => {
    await provision(options);
    const keys = (await control.getIndex(PROJECT, 'idv-records')).body?.keys ?? {};
    expect(Object.keys(keys).sort()).toEqual(
      [...Object.keys(RECORD_FIELDS), '__tag__:__receive_time__'].sort(),
    );
    expect(keys.story_zh).toMatchObject({ type: 'text', chn: true, docValue: true });
    expect(keys.asked_at_ms).toMatchObject({ type: 'long', docValue: true });
    expect(keys.labels).toMatchObject({ type: 'json', indexAll: true });
  });

  it('makes the group with the lease of the sweep', async () => {
    await provision({ ...options, leaseSeconds: 90 });
    expect((await control.listConsumerGroup(PROJECT, 'idv-pending')).body).toEqual([
      expect.objectContaining({ name: 'idv-sweep', timeout: 90, order: false }),
    ]);
  });

  it('marks what has a place for a mark', async () => {
    const { changes } = await provision(options);
    const named = (kind: string) => changes.filter((change) => change.kind === kind).map(({ name }) => name);
    for (const name of named('dashboard')) {
      expect((await control.getDashboard(PROJECT, name)).body?.description).toContain('made by idv-dropoff');
    }
    for (const name of named('alert')) {
      expect((await control.getAlert(PROJECT, name)).body?.description).toContain('made by idv-dropoff');
    }
    for (const name of named('saved search')) {
      expect((await control.getSavedSearch(PROJECT, name)).body?.displayName).toContain(
        'made by idv-dropoff',
      );
    }
  });

  it('writes nothing the second time', async () => {
    const first = await provision(options);
    const before = await world.slsWrites();
    expect(before).toBe(first.created);
    const second = await provision(options);
    expect(await world.slsWrites()).toBe(before);
    expect(second).toMatchObject({ created: 0, updated: 0 });
  });

  it('plans without writing', async () => {
    const planned = await plan(options);
    expect(await world.slsWrites()).toBe(0);
    const { changes } = await provision(options);
    expect(planned.changes).toEqual(changes);
  });
});

describe('what has drifted', () => {
  beforeEach(() => provision(options));

  it('is updated: a field taken out of an index, and what others added stays', async () => {
    const { body } = await control.getIndex(PROJECT, 'idv-records');
    const { cause: _taken, ...rest } = body?.keys ?? {};
    const keys = { ...rest, theirs: new sdk.IndexKey({ type: 'text', token: [' '], docValue: true }) };
    await control.updateIndex(
      PROJECT,
      'idv-records',
      new sdk.UpdateIndexRequest({ body: new sdk.Index({ ...body, keys }) }),
    );
    const planned = await plan(options);
    expect(planned.changes.filter(({ change }) => change !== 'none')).toEqual([
      { kind: 'index', name: 'idv-records', change: 'update', differences: ['+ cause'] },
    ]);
    const before = await world.slsCalls();
    expect(await provision(options)).toMatchObject({ created: 0, updated: 1 });
    const after = await world.slsCalls();
    expect(after.UpdateIndex).toBe((before.UpdateIndex ?? 0) + 1);
    expect(after.CreateIndex).toBe(before.CreateIndex);
    expect(after.DeleteIndex).toBeUndefined();
    const now = (await control.getIndex(PROJECT, 'idv-records')).body?.keys ?? {};
    expect(now).toHaveProperty('cause');
    expect(now).toHaveProperty('theirs');
  });

  it('keeps the JSON leaves that somebody indexed', async () => {
    const { body } = await control.getIndex(PROJECT, 'idv-records');
    const labels = new sdk.IndexKey({
      ...body?.keys?.labels,
      maxDepth: 2,
      jsonKeys: { platform: new sdk.IndexJsonKey({ type: 'text', docValue: true }) },
    });
    await control.updateIndex(
      PROJECT,
      'idv-records',
      new sdk.UpdateIndexRequest({ body: new sdk.Index({ ...body, keys: { ...body?.keys, labels } }) }),
    );
    expect(await provision(options)).toMatchObject({ updated: 1 });
    const now = (await control.getIndex(PROJECT, 'idv-records')).body?.keys?.labels;
    expect(now?.maxDepth).toBe(-1);
    expect(now?.jsonKeys).toHaveProperty('platform');
  });

  it('is updated: days kept, lease, a dashboard somebody changed', async () => {
    await control.updateConsumerGroup(
      PROJECT,
      'idv-pending',
      'idv-sweep',
      new sdk.UpdateConsumerGroupRequest({ timeout: 5, order: true }),
    );
    const name =
      (await control.listDashboard(PROJECT, new sdk.ListDashboardRequest({}))).body?.dashboards?.[0] ?? '';
    const { body } = await control.getDashboard(PROJECT, name);
    await control.updateDashboard(PROJECT, name, new sdk.UpdateDashboardRequest({ ...body, charts: [] }));
    const changed = { ...options, ttlDays: { 'idv-records': 365 } };
    const { changes } = await provision(changed);
    expect(changes.filter(({ change }) => change !== 'none')).toEqual([
      { kind: 'logstore', name: 'idv-records', change: 'update', differences: ['ttl 180 -> 365'] },
      {
        kind: 'consumer group',
        name: 'idv-sweep',
        change: 'update',
        differences: ['timeout 5 -> 60', 'order true -> false'],
      },
      { kind: 'dashboard', name, change: 'update', differences: ['charts'] },
    ]);
    expect(await provision(changed)).toMatchObject({ created: 0, updated: 0 });
  });
});

describe("what is somebody else's", () => {
  it('is never touched: a project without the mark', async () => {
    await control.createProject(
      new sdk.CreateProjectRequest({ projectName: PROJECT, description: 'theirs' }),
    );
    const before = await world.slsWrites();
    await expect(provision(options)).rejects.toThrow(
      /^project idv-test is there already and was not made by/,
    );
    await expect(plan(options)).rejects.toThrow(/choose another name/);
    expect(await world.slsWrites()).toBe(before);
  });

  it('may be handed over by setting the description', async () => {
    await control.createProject(
      new sdk.CreateProjectRequest({ projectName: PROJECT, description: DESCRIPTION }),
    );
    await provision(options);
    expect((await control.listLogStores(PROJECT, new sdk.ListLogStoresRequest({}))).body?.total).toBe(5);
  });

  it('is told apart when the service hides it', async () => {
    await control.createProject(new sdk.CreateProjectRequest({ projectName: PROJECT, description: '' }));
    await fail({ action: 'GetProject', logstore: '*', answer: 'ProjectNotExist' });
    await expect(provision(options)).rejects.toThrow(
      /^project idv-test is there already and belongs to another account/,
    );
  });

  it('is never touched: a dashboard of the same name', async () => {
    const dashboard = {
      displayName: 'theirs',
      description: 'theirs',
      charts: [],
      attribute: { type: 'grid' },
    };
    await control.createProject(
      new sdk.CreateProjectRequest({ projectName: PROJECT, description: DESCRIPTION }),
    );
    await control.createDashboard(
      PROJECT,
      new sdk.CreateDashboardRequest({
        body: new sdk.Dashboard({ dashboardName: 'idv-drop-off', ...dashboard }),
      }),
    );
    await expect(provision(options)).rejects.toThrow(
      /^dashboard idv-drop-off is there already and does not carry/,
    );
    expect((await control.getDashboard(PROJECT, 'idv-drop-off')).body?.displayName).toBe('theirs');
  });
});

describe('a run that breaks off', () => {
  it.each(['CreateLogStore', 'CreateIndex', 'CreateConsumerGroup', 'CreateDashboard', 'CreateAlert'])(
    'at %s is finished by the next',
    async (action) => {
      await fail({ action, logstore: '*', times: 1, answer: 'Unauthorized' });
      await expect(provision(options)).rejects.toMatchObject({ serverCode: 'Unauthorized' });
      const second = await provision(options);
      expect(second.created).toBeGreaterThan(0);
      expect(second.updated).toBe(0);
      expect(await provision(options)).toMatchObject({ created: 0, updated: 0 });
    },
  );

  it.each([
    'CreateProject',
    'CreateLogStore',
    'CreateIndex',
    'CreateConsumerGroup',
    'CreateSavedSearch',
    'CreateAlert',
  ])('does not: an answer to %s that is lost counts as made', async (action) => {
    await fail({ action, logstore: '*', times: 1, answer: 'dropAck' });
    await provision(options);
    expect(await provision(options)).toMatchObject({ created: 0, updated: 0 });
  });

  it('does not: what was just created takes a while to show', async () => {
    await fail(
      { action: 'CreateLogStore', logstore: '*', times: 4, answer: 'ProjectNotExist' },
      { action: 'CreateIndex', logstore: 'idv-records', times: 6, answer: 'LogStoreNotExist' },
      { action: 'CreateConsumerGroup', logstore: '*', times: 3, answer: 'LogStoreNotExist' },
    );
    const { created, changes } = await provision(options);
    expect(created).toBe(changes.length);
    expect(await world.slsCalls()).toMatchObject({
      CreateIndex: 5 + 6,
      CreateLogStore: 5 + 4,
      CreateConsumerGroup: 4,
    });
  });

  it('ends when it never shows', async () => {
    await fail({ action: 'CreateLogStore', logstore: '*', answer: 'ProjectNotExist' });
    await expect(provision(options)).rejects.toMatchObject({ serverCode: 'ProjectNotExist' });
  });
});
