import { afterEach, describe, expect, it } from '@jest/globals';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { LOCAL_PROJECT } from '../../../local/credentials.ts';
import { SweepWorld, type SweepWorldOptions, saysTruth } from '../../support/sweep-world.ts';
import { until } from '../../support/until.ts';

let world: SweepWorld;
afterEach(() => world.close());

async function open(options: SweepWorldOptions = {}): Promise<SweepWorld> {
  world = await SweepWorld.open(options);
  return world;
}

const checkpoints = () => world.client.getCheckpoints('idv-pending', 'idv-sweep');
const begin = async () => (await world.client.getCursor('idv-pending', 0, 'begin')).cursor;
const allTrue = async (ids: readonly string[]) => {
  const finals = await world.finals();
  return ids.every((id) => finals.get(id)?.every(saysTruth) === true);
};

describe('the service is down', () => {
  it.each([
    ['in one group', 200],
    ['in groups of one', 1],
  ])('twenty failed calls end the run, count no attempt and move nothing, %s', async (_name, groupRows) => {
    await open();
    const ids = await world.register(40, { groupRows });
    await world.age();
    await world.control(world.cloudauth, { plan: [{ match: '*', answer: 'InternalError' }] });
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'upstream_down', final_count: 0, requeued: 0, handed_back: 0 });
    expect(await checkpoints()).toMatchObject([{ shard: 0, checkpoint: await begin() }]);
    expect(await world.rows('idv-pending')).toHaveLength(40);
    // And it is over when it is over.
    await world.control(world.cloudauth, { plan: [] });
    expect(await world.report()).toMatchObject({ ended: 'done', final_count: 40 });
    expect(await allTrue(ids)).toBe(true);
  });

  it('keeps what was answered before', async () => {
    await open({ env: { QPS_LIMIT: '100' } });
    const ids = await world.register(60, { groupRows: 1 });
    await world.age();
    await world.control(world.cloudauth, {
      plan: [
        { match: '*', times: 20, answer: 'Success' },
        { match: '*', answer: 'reset' },
      ],
    });
    const report = await world.report();
    expect(report).toMatchObject({ ended: 'upstream_down', requeued: 0 });
    await world.control(world.cloudauth, { plan: [] });
    await world.report();
    expect(await allTrue(ids)).toBe(true);
  });

  it('however few its calls, a run whose calls all fail in an outage counts no attempt', async () => {
    await open();
    const ids = await world.register(5);
    await world.age();
    await world.control(world.cloudauth, { plan: [{ match: '*', answer: 'InternalError' }] });
    // Eight runs: as many as there are attempts.
    for (let runs = 0; runs < 8; runs += 1) {
      const report = await world.report();
      expect(report).toMatchObject({ ended: 'upstream_down', final_count: 0, requeued: 0, handed_back: 0 });
      // Three tries each, and one question about an id that cannot exist.
      expect(report.calls).toBe(16);
    }
    expect(await checkpoints()).toMatchObject([{ checkpoint: await begin() }]);
    expect(await world.rows('idv-pending')).toHaveLength(5);
    await world.control(world.cloudauth, { plan: [] });
    expect(await world.report()).toMatchObject({ ended: 'done', final_count: 5 });
    expect(await allTrue(ids)).toBe(true);
  });

  it('throttled calls between failing ones change nothing', async () => {
    await open({ env: { QPS_LIMIT: '100' } });
    await world.register(40);
    await world.age();
    await world.control(world.cloudauth, {
      plan: [
        { match: '*', rate: 0.3, answer: 'Throttling.Api' },
        { match: '*', answer: 'InternalError' },
      ],
    });
    expect(await world.report()).toMatchObject({ ended: 'upstream_down', final_count: 0, requeued: 0 });
    expect(await world.rows('idv-pending')).toHaveLength(40);
  });

  it('twenty failures are no outage while the service answers about an id that cannot exist', async () => {
    await open();
    const ids = await world.register(12, { groupRows: 12 });
    await world.age();
    await world.control(world.cloudauth, {
      plan: ids.map((match) => ({ match, answer: 'InternalError' })),
    });
    expect(await world.report()).toMatchObject({ ended: 'done', requeued: 12 });
  });

  it('the control: two transactions without luck are not the service', async () => {
    await open();
    const ids = await world.register(2);
    await world.age();
    await world.control(world.cloudauth, {
      plan: ids.map((match) => ({ match, answer: 'InternalError' })),
    });
    expect(await world.report()).toMatchObject({ ended: 'done', requeued: 2 });
    await world.control(world.cloudauth, { plan: [] });
    await world.age();
    await world.report();
    expect(await allTrue(ids)).toBe(true);
  });

  it('the control: failures amid successes are not the service', async () => {
    await open();
    await world.register(120);
    await world.age();
    await world.control(world.cloudauth, { plan: [{ match: '*', rate: 0.5, answer: 'InternalError' }] });
    expect(await world.report()).toMatchObject({ ended: 'done' });
  });
});

describe('the service refuses our rights', () => {
  it.each(['Forbidden.RAMUserAccessDenied', 'Forbidden.AccountAccessDenied'])(
    '%s to three transactions in a row ends the run and fails the function',
    async (code) => {
      await open();
      const ids = await world.register(30);
      await world.age();
      await world.control(world.cloudauth, { plan: [{ match: '*', answer: code }] });
      const { outcome, errorMessage } = await world.run();
      expect(outcome).toBe('error');
      expect(errorMessage).toContain('AliyunAntCloudAuthFullAccess');
      expect(await checkpoints()).toMatchObject([{ checkpoint: await begin() }]);
      const [report] = await world.rows('idv-sweeps');
      expect(report).toMatchObject({ ended: 'forbidden', failed: 'true', final_count: '0', requeued: '0' });
      expect(report?.message).toContain(code);
      await world.control(world.cloudauth, { plan: [] });
      expect(await world.report()).toMatchObject({ ended: 'done', final_count: 30 });
      expect(await allTrue(ids)).toBe(true);
    },
  );

  it('ends the run when the credentials run out, and the next run has new ones', async () => {
    await open({ env: { QPS_LIMIT: '20' } });
    const ids = await world.register(100, { groupRows: 10 });
    await world.age();
    const run = world.run();
    await until(async () => (await world.calls()) > 0);
    await world.control(world.fc, { expireCredentials: 'sweep' });
    expect((await run).outcome).toBe('error');
    // The instance's own lease may have run out meanwhile.
    for (let runs = 0; runs < 3 && !(await allTrue(ids)); runs += 1) await world.run();
    expect(await allTrue(ids)).toBe(true);
  });
});

describe('what a deployment makes is gone', () => {
  const control = () => new SlsControl(world.place);

  it.each([
    ['idv-sweep', () => control().deleteConsumerGroup(LOCAL_PROJECT, 'idv-pending', 'idv-sweep')],
    ['idv-pending', () => control().deleteLogStore(LOCAL_PROJECT, 'idv-pending')],
  ])('%s: the run fails, and says what to do', async (name, remove) => {
    await open();
    await world.register(3);
    await world.age();
    await remove();
    const { outcome, errorMessage } = await world.run();
    expect(outcome).toBe('error');
    expect(errorMessage).toContain(name);
    expect(errorMessage).toContain('npx s deploy');
    const [row] = await world.rows('idv-sweeps');
    expect(row).toMatchObject({ ended: 'error', failed: 'true' });
    expect(row?.message).toContain('npx s deploy');
  });
});

describe('SLS does not take what is written', () => {
  const fail = (rule: object) => world.control(world.sls, { fail: [rule] });

  it.each([
    ['a quota', { action: 'PutLogs', logstore: 'idv-records', times: 2, answer: 'WriteQuotaExceed' }],
    [
      'a server error',
      { action: 'PutLogs', logstore: 'idv-events', times: 2, answer: 'InternalServerError' },
    ],
    ['a reset', { action: 'PutLogs', logstore: 'idv-records', times: 2, answer: 'reset' }],
    [
      'a page that is no acknowledgement',
      { action: 'PutLogs', logstore: 'idv-records', times: 2, answer: 'garbage' },
    ],
    ['the same for events', { action: 'PutLogs', logstore: 'idv-events', times: 1, answer: 'garbage' }],
    ['no answer', { action: 'PutLogs', logstore: 'idv-records', times: 1, answer: 'hang' }],
    ['a lost acknowledgement', { action: 'PutLogs', logstore: 'idv-records', times: 1, answer: 'dropAck' }],
  ])('%s is got over within the run', async (_name, rule) => {
    await open();
    const ids = await world.register(30);
    await world.age();
    await fail(rule);
    expect(await world.report()).toMatchObject({ ended: 'done', final_count: 30 });
    expect(await allTrue(ids)).toBe(true);
    for (const rows of (await world.finals()).values()) {
      expect(new Set(rows.map(({ revision }) => revision)).size).toBe(1);
    }
  });

  it('a run that cannot write ends without moving the checkpoint, and fails', async () => {
    await open();
    const ids = await world.register(30);
    await world.age();
    await fail({ action: 'PutLogs', logstore: 'idv-records', answer: 'Unauthorized' });
    expect((await world.run()).outcome).toBe('error');
    expect(await checkpoints()).toMatchObject([{ checkpoint: await begin() }]);
    expect(await world.rows('idv-sweeps')).toMatchObject([{ ended: 'write_failed', failed: 'true' }]);
    await world.control(world.sls, { fail: [] });
    expect(await world.report()).toMatchObject({ ended: 'done' });
    expect(await allTrue(ids)).toBe(true);
  });

  it('the run is reported even when nothing can be asked of SLS but that', async () => {
    await open();
    await world.register(3);
    await world.age();
    await fail({ action: 'PullLogs', answer: 'ProjectForbidden' });
    expect((await world.run()).outcome).toBe('error');
    await world.control(world.sls, { fail: [] });
    expect(await world.rows('idv-sweeps')).toMatchObject([{ ended: 'error', failed: 'true' }]);
  });
});
