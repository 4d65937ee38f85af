import * as sdk from '@alicloud/sls20201230';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ProvisionOptions, provision } from '../../../deploy/provision.ts';
import { remove } from '../../../deploy/remove.ts';
import { SlsControl } from '../../../deploy/sls-client.ts';
import type { SlsDataPlane } from '../../../shared/sls/types.ts';
import { World } from '../../support/world.ts';

const PROJECT = 'idv-test';
const PENDING = 'idv-pending';
const GROUP = 'idv-sweep';

let world: World;
let options: ProvisionOptions;
let control: SlsControl;
let data: SlsDataPlane;

beforeEach(async () => {
  world = await World.open({ project: PROJECT, provisioned: false });
  options = world.place;
  control = new SlsControl(options);
  data = world.client;
  await provision(options);
});
afterEach(() => world.close());

const row = (transactionId: string) => ({
  timeSeconds: Math.floor(Date.now() / 1_000),
  contents: [['transaction_id', transactionId]] as Array<[string, string]>,
});
const logstores = async () =>
  (await control.listLogStores(PROJECT, new sdk.ListLogStoresRequest({}))).body?.logstores ?? [];
const searched = async (transactionId: string) => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const found = await data.query(PENDING, {
    query: `transaction_id: ${transactionId}`,
    fromSeconds: nowSeconds - 600,
    toSeconds: nowSeconds + 600,
  });
  return found.rows.length;
};

describe('remove', () => {
  it('takes away everything that provision made, where nothing is lost by it', async () => {
    const { deleted, kept } = await remove(options);
    expect(kept).toEqual([]);
    expect(deleted.at(-1)).toBe(`project ${PROJECT}`);
    await expect(control.getProject(PROJECT)).rejects.toMatchObject({ serverCode: 'ProjectNotExist' });
    expect(await remove(options)).toEqual({ deleted: [], kept: [] });
  });

  it('keeps logstores that hold rows, with their index and the place in the queue', async () => {
    await data.putLogs(PENDING, [row('tx1')]);
    await data.heartbeat(PENDING, GROUP, 'c1', []);
    await data.heartbeat(PENDING, GROUP, 'c1', [0]);
    const { cursor } = await data.getCursor(PENDING, 0, 'end');
    await data.updateCheckpoint(PENDING, GROUP, { consumer: 'c1', shard: 0, checkpoint: cursor });
    const { kept, deleted } = await remove(options);
    expect(kept).toEqual(['logstore idv-pending: it holds rows']);
    expect(deleted).toContain('logstore idv-records');
    expect(await logstores()).toEqual([PENDING]);
    expect(await searched('tx1')).toBe(1);

    // Deployed again, all is as it was.
    await provision(options);
    expect(await logstores()).toHaveLength(5);
    expect(await data.getCheckpoints(PENDING, GROUP)).toEqual([
      expect.objectContaining({ shard: 0, checkpoint: cursor }),
    ]);
    expect(await searched('tx1')).toBe(1);
  });

  it('asks once before rows are lost, and names where they are', async () => {
    await data.putLogs(PENDING, [row('tx1')]);
    await data.putLogs('idv-records', [row('tx2')]);
    const asked: Array<readonly string[]> = [];
    const answer = (yes: boolean) => async (names: readonly string[]) => {
      asked.push(names);
      return yes;
    };
    expect((await remove({ ...options, mayDelete: answer(false) })).kept).toHaveLength(2);
    expect(await searched('tx1')).toBe(1);
    expect((await remove({ ...options, mayDelete: answer(true) })).kept).toEqual([]);
    expect(asked).toEqual([
      [PENDING, 'idv-records'],
      [PENDING, 'idv-records'],
    ]);
    await expect(control.getProject(PROJECT)).rejects.toMatchObject({ serverCode: 'ProjectNotExist' });
  });

  it("leaves other people's things, and then the project", async () => {
    const dashboard = new sdk.Dashboard({
      dashboardName: 'theirs',
      displayName: 'theirs',
      description: 'theirs',
      charts: [],
      attribute: { type: 'grid' },
    });
    await control.createDashboard(PROJECT, new sdk.CreateDashboardRequest({ body: dashboard }));
    await control.createLogStore(
      PROJECT,
      new sdk.CreateLogStoreRequest({ logstoreName: 'theirs', ttl: 1, shardCount: 1 }),
    );
    const { deleted, kept } = await remove(options);
    expect(kept).toEqual(['dashboard theirs: not made by idv-dropoff']);
    expect(deleted).not.toContain(`project ${PROJECT}`);
    expect(await logstores()).toEqual(['theirs']);
    await control.deleteDashboard(PROJECT, 'theirs');
    expect(await remove(options)).toEqual({
      deleted: [],
      kept: [`project ${PROJECT}: it holds the logstores theirs`],
    });
  });

  it('takes what an earlier version made under another name', async () => {
    const { body } = await control.getDashboard(PROJECT, 'idv-drop-off');
    const renamed = new sdk.Dashboard({ ...body, dashboardName: 'idv-formerly' });
    await control.createDashboard(PROJECT, new sdk.CreateDashboardRequest({ body: renamed }));
    expect((await remove(options)).deleted).toContain('dashboard idv-formerly');
  });

  it('does not enter a project that is not ours', async () => {
    await control.updateProject(PROJECT, new sdk.UpdateProjectRequest({ description: 'theirs now' }));
    await expect(remove(options)).rejects.toThrow(/was not made by idv-dropoff/);
    expect(await logstores()).toHaveLength(5);
  });
});

describe('a deployment over a running one', () => {
  it('leaves waiting rows and the place in the queue as they are', async () => {
    await data.putLogs(PENDING, [row('tx1'), row('tx2')]);
    await data.heartbeat(PENDING, GROUP, 'c1', []);
    await data.heartbeat(PENDING, GROUP, 'c1', [0]);
    const { cursor } = await data.getCursor(PENDING, 0, 'begin');
    await data.updateCheckpoint(PENDING, GROUP, { consumer: 'c1', shard: 0, checkpoint: cursor });
    await provision({ ...options, leaseSeconds: 61, ttlDays: { [PENDING]: 60 } });
    expect(await data.getCheckpoints(PENDING, GROUP)).toEqual([
      expect.objectContaining({ shard: 0, checkpoint: cursor }),
    ]);
    const end = await data.getCursor(PENDING, 0, 'end');
    const pulled = await data.pullLogs(PENDING, 0, { cursor, endCursor: end.cursor });
    expect(pulled.groups.flatMap(({ logs }) => logs)).toHaveLength(2);
  });

  it('with a new field updates the index, and old rows stay readable', async () => {
    const index = (await control.getIndex(PROJECT, PENDING)).body;
    const { last_code: _new, ...older } = index?.keys ?? {};
    const before = new sdk.Index({ ...index, keys: older });
    await control.updateIndex(PROJECT, PENDING, new sdk.UpdateIndexRequest({ body: before }));
    await data.putLogs(PENDING, [row('tx1')]);
    expect(await searched('tx1')).toBe(1);
    expect((await provision(options)).updated).toBe(1);
    expect(await searched('tx1')).toBe(1);
    await data.putLogs(PENDING, [row('tx2')]);
    expect(await searched('tx2')).toBe(1);
  });
});
