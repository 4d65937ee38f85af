import http from 'node:http';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SweepWorld, type SweepWorldOptions, saysTruth } from '../../support/sweep-world.ts';

const DAY_SECONDS = 86_400;

let world: SweepWorld;
afterEach(() => world.close());

async function open(options: SweepWorldOptions = {}): Promise<SweepWorld> {
  world = await SweepWorld.open(options);
  return world;
}

interface ForeignLog {
  readonly timestamp: number;
  readonly content: Readonly<Record<string, string>>;
}

/** The vendor's own older client: no compression, hmac-sha1, nothing of ours. */
const LogClient = createRequire(import.meta.url)('@alicloud/log') as new (
  config: object,
) => {
  postLogStoreLogs(project: string, name: string, group: object, options: object): Promise<unknown>;
};

async function putForeign(logs: readonly ForeignLog[]): Promise<void> {
  // It insists on `<project>.<endpoint>`: every such name leads to the local server.
  const lookup = (_host: string, _options: object, done: (error: null, ip: string, family: number) => void) =>
    done(null, '127.0.0.1', 4);
  const agent = new http.Agent({ lookup: lookup as never, autoSelectFamily: false });
  const client = new LogClient({
    accessKeyId: 'local',
    accessKeySecret: 'local-secret',
    endpoint: `http://sls.test:${world.sls.port}`,
  });
  await client.postLogStoreLogs('idv-local', 'idv-pending', { logs }, { agent });
  agent.destroy();
}

describe('rows of other writers', () => {
  it('a row put by @alicloud/log with only a transaction_id', async () => {
    await open();
    await world.know(['foreign1']);
    await putForeign([{ timestamp: Math.floor(Date.now() / 1000), content: { transaction_id: 'foreign1' } }]);
    await world.age();
    expect(await world.report()).toMatchObject({ ended: 'done', asked: 1, final_count: 1 });
    const [record] = (await world.finals()).get('foreign1') ?? [];
    expect(record && saysTruth(record)).toBe(true);
    // When it was registered is what SLS says.
    expect(Number(record?.registered_at_ms)).toBeLessThan(Date.now() - 30 * 60_000);
  });

  it('a row with an event time six days old', async () => {
    await open();
    await world.know(['foreign2']);
    const timestamp = Math.floor(Date.now() / 1000) - 6 * DAY_SECONDS;
    await putForeign([{ timestamp, content: { transaction_id: 'foreign2', level: 'info' } }]);
    // Due by when it was received, whatever its event time says.
    expect(await world.report()).toMatchObject({ asked: 0 });
    await world.age();
    expect(await world.report()).toMatchObject({ asked: 1, final_count: 1 });
    const records = (await world.finals()).get('foreign2') ?? [];
    expect(records.map(saysTruth)).toEqual([true]);
  });

  it('a group of 4,096 rows', async () => {
    await open();
    const ids = await world.register(4_096, { groupRows: 4_096 });
    await world.age();
    expect(await world.report()).toMatchObject({ ended: 'done', pulled_groups: 1, final_count: 4_096 });
    const finals = await world.finals();
    expect(ids.every((id) => finals.get(id)?.every(saysTruth) === true)).toBe(true);
  });

  it('a group of 4,096 rows that no run could finish', async () => {
    await open({ timeoutSeconds: 6, env: { QPS_LIMIT: '600', RUN_MARGIN_SECONDS: '2' } });
    const ids = await world.register(4_096, { groupRows: 4_096 });
    await world.age();
    let finals = await world.finals();
    let handedBack = 0;
    for (let runs = 0; runs < 20 && finals.size < ids.length; runs += 1) {
      // On a busy machine a run may not get its writing done either; then the next begins where it began.
      const { report } = await world.run();
      handedBack += Number((report as { handed_back?: number } | undefined)?.handed_back ?? 0);
      await world.age();
      finals = await world.finals();
    }
    expect(handedBack).toBeGreaterThan(0);
    expect(ids.every((id) => finals.get(id)?.every(saysTruth) === true)).toBe(true);
  });

  it('what is not sane in a row is not used', async () => {
    await open();
    await world.know(['odd']);
    await world.queue([
      {
        transaction_id: 'odd',
        merchant_biz_id: 'not a biz id!',
        initialized_at_ms: '1790000000',
        registered_at_ms: 'yesterday',
        attempt: '-3',
        kind: 'other',
        labels: 'not json',
        unknown_field: 'x'.repeat(5_000),
      },
    ]);
    await world.age();
    await world.report();
    const [record] = (await world.finals()).get('odd') ?? [];
    expect(record).toMatchObject({ disposition: 'answered', attempt: '1' });
    for (const absent of ['merchant_biz_id', 'initialized_at_ms', 'labels', 'unknown_field']) {
      expect(record).not.toHaveProperty(absent);
    }
  });

  it('labels, biz id and times go into the record', async () => {
    await open();
    await world.know(['whole']);
    const [initialized, registered] = [Date.now() - 7_200_000, Date.now() - 7_100_000];
    await world.queue([
      {
        transaction_id: 'whole',
        merchant_biz_id: 'biz1',
        initialized_at_ms: initialized,
        registered_at_ms: registered,
        labels: JSON.stringify({ channel: 'web', version: 3, 'Not OK': 'x' }),
      },
    ]);
    await world.age();
    await world.report();
    const [record] = (await world.finals()).get('whole') ?? [];
    expect(record).toMatchObject({
      merchant_biz_id: 'biz1',
      initialized_at_ms: String(initialized),
      registered_at_ms: String(registered),
      region: 'ap-southeast-1',
    });
    expect(JSON.parse(record?.labels ?? '')).toEqual({ channel: 'web', version: '3' });
  });
});
