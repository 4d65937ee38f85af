import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ComponentInputs, SlsComponent } from '../../../deploy/component.ts';
import { SlsControl } from '../../../deploy/sls-client.ts';
import { LOCAL_ACCOUNT_ID } from '../../../local/credentials.ts';
import { RecordingServer } from '../../support/recording-server.ts';
import { World } from '../../support/world.ts';

const PROJECT = 'idv-test';
const TRUST = readFileSync(new URL('../../../deploy/policies/trust.json', import.meta.url), 'utf8');
const JSON_TYPE = { 'content-type': 'application/json' };

let world: World;
let ram: RecordingServer;
let lines: string[];

beforeEach(async () => {
  world = await World.open({ project: PROJECT, provisioned: false });
  ram = await new RecordingServer().listen();
  ram.always(200, JSON.stringify({ Role: { AssumeRolePolicyDocument: TRUST } }), JSON_TYPE);
  lines = [];
});
afterEach(async () => {
  await world.close();
  await ram.close();
});

const component = (ask?: (question: string) => Promise<string>) =>
  new SlsComponent({ write: (line) => void lines.push(line), ask });

function inputs(more: { props?: object; args?: string[]; secret?: string } = {}): ComponentInputs {
  return {
    args: more.args ?? [],
    props: {
      region: 'ap-southeast-1',
      project: PROJECT,
      role: 'idv-dropoff',
      functions: ['idv-lookup', 'idv-sweep'],
      slsEndpoint: world.sls.url,
      ramEndpoint: ram.url,
      ...more.props,
    },
    getCredential: async () => ({
      AccountID: LOCAL_ACCOUNT_ID,
      AccessKeyID: 'local',
      AccessKeySecret: more.secret ?? 'local-secret',
    }),
  };
}

const fail = (...rules: object[]) => world.control(world.sls, { fail: rules });
const putRow = () => world.put('idv-pending', [{ transaction_id: 't' }]);

describe('deploy', () => {
  it('says what it made, and gives links and names to what comes after it', async () => {
    const output = await component().deploy(inputs());
    expect(lines[0]).toBe(`created project ${PROJECT}`);
    expect(lines).toContainEqual(expect.stringMatching(/^SLS: \d+ created, 0 updated$/));
    expect(output).toMatchObject({
      region: 'ap-southeast-1',
      project: PROJECT,
      endpoint: world.sls.url,
      console: {
        dashboards: { 'idv-drop-off': expect.stringContaining(`/${PROJECT}/dashboard/idv-drop-off`) },
        logstores: { 'idv-records': expect.stringContaining(`/${PROJECT}/logsearch/idv-records`) },
        functions: { 'idv-sweep': expect.stringContaining('/ap-southeast-1/functions/idv-sweep') },
      },
    });
  });

  it.each([
    ['', true],
    ['policy-1', false],
  ])('with the alert receiver "%s" says that nobody is notified: %s', async (alertReceiver, said) => {
    await component().deploy(inputs({ props: { alertReceiver } }));
    expect(lines.some((line) => line.startsWith('alerts notify nobody'))).toBe(said);
  });

  it('says so when nothing is to do', async () => {
    await component().deploy(inputs({ props: { alertReceiver: 'p' } }));
    lines.length = 0;
    await component().deploy(inputs({ props: { alertReceiver: 'p' } }));
    expect(lines).toEqual(['SLS is as it should be']);
  });

  it.each([
    ['a wrong region', { props: { region: 'us-east-1', slsEndpoint: '' } }, /set vars\.region to one of/],
    ['an empty role', { props: { role: '' } }, /vars\.role is empty/],
    ['a wrong secret', { secret: 'x' }, /does not accept the access key \(SignatureNotMatch\)/],
    [
      'a host that does not answer',
      { props: { slsEndpoint: 'http://127.0.0.1:1' } },
      /127\.0\.0\.1:1 does not answer/,
    ],
  ])(
    'refuses %s with one line, and makes nothing',
    async (_what, change, expected) => {
      const error = await component()
        .deploy(inputs(change))
        .catch((caught: unknown) => caught);
      expect((error as Error).message).toMatch(expected);
      expect((error as Error).message).not.toContain('\n');
      expect(await world.slsCalls()).toEqual({});
    },
    30_000,
  );

  it.each([
    [
      'a role that is not there',
      404,
      '{"Code":"EntityNotExist.Role","Message":"x"}',
      /there is no role idv-dropoff: create it/,
    ],
    [
      'a role that Function Compute may not take',
      200,
      '{"Role":{"AssumeRolePolicyDocument":"{}"}}',
      /trust policy/,
    ],
  ])('refuses %s before it makes anything', async (_what, status, body, expected) => {
    ram.always(status, body, JSON_TYPE);
    await expect(component().deploy(inputs())).rejects.toThrow(expected);
    expect(await world.slsCalls()).toEqual({});
  });

  it('goes on when it may not look at the role, and says so', async () => {
    ram.always(403, '{"Code":"NoPermission","Message":"x"}', JSON_TYPE);
    await component().deploy(inputs());
    expect(lines[0]).toBe('role idv-dropoff was not checked: RAM answered NoPermission');
  });

  it('says which right is missing, and the next time finishes', async () => {
    await fail({ action: 'CreateDashboard', logstore: '*', times: 1, answer: 'Unauthorized' });
    await expect(component().deploy(inputs())).rejects.toThrow(/check the deploying user's rights/);
    lines.length = 0;
    await component().deploy(inputs());
    expect(lines[0]).toMatch(/^created dashboard /);
    expect(lines.some((line) => /^created (project|logstore|index)/.test(line))).toBe(false);
  });
});

describe('days kept', () => {
  const kept = async () => {
    const control = new SlsControl({
      endpoint: world.sls.url,
      region: 'ap-southeast-1',
      credentials: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
    });
    const names = ['idv-pending', 'idv-records', 'idv-events', 'idv-sweeps'];
    return Promise.all(names.map(async (name) => (await control.getLogStore(PROJECT, name)).body?.ttl));
  };
  const days = (sourceRetentionDays: string, pending: string, records: string, sweeps: string) => ({
    props: { sourceRetentionDays, retentionDays: { pending, records, sweeps } },
  });

  it('are what s.yaml says', async () => {
    await component().deploy(inputs());
    expect(await kept()).toEqual([45, 180, 90, 90]);
    await component().deploy(inputs(days('19', '20', '28', '20')));
    expect(await kept()).toEqual([20, 28, 90, 20]);
  });

  it.each([
    [
      'a queue no longer than the source',
      days('20', '20', '28', '20'),
      /vars\.retentionDays\.pending: .*raise/,
    ],
    ['a queue of 20 days with a source of 30', days('30', '20', '28', '20'), /vars\.sourceRetentionDays/],
    ['records of 27', days('19', '20', '27', '20'), /vars\.retentionDays\.records: .*raise/],
    ['sweeps of 19', days('19', '20', '28', '19'), /vars\.retentionDays\.sweeps: .*raise/],
  ])('refuses %s before it makes anything', async (_what, more, expected) => {
    await expect(component().deploy(inputs(more))).rejects.toThrow(expected);
    expect(await world.slsCalls()).toEqual({});
  });
});

describe('plan', () => {
  it('says what deploy would do, and does not', async () => {
    await component().plan(inputs());
    expect(lines[0]).toBe(`create project ${PROJECT}`);
    expect(Object.keys(await world.slsCalls())).toEqual(['GetProject']);
    await component().deploy(inputs());
    lines.length = 0;
    await component().plan(inputs({ props: { retentionDays: { events: 30 } } }));
    expect(lines).toEqual(['update logstore idv-events: ttl 90 -> 30']);
  });
});

describe('remove', () => {
  beforeEach(async () => {
    await component().deploy(inputs());
    await putRow();
    lines.length = 0;
  });

  it('keeps rows unless it is told otherwise, even with -y', async () => {
    await component(async () => PROJECT).remove(inputs({ args: ['-y'] }));
    expect(lines).toEqual(
      expect.arrayContaining([
        'kept logstore idv-pending: it holds rows',
        'to delete the rows too: s sls remove --with-data',
      ]),
    );
  });

  it.each([
    [PROJECT, true],
    ['yes', false],
    ['', false],
  ])('with --with-data asks; the answer "%s" deletes: %s', async (answer, deletes) => {
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };
    await component(ask).remove(inputs({ args: ['--with-data'] }));
    expect(questions).toEqual([expect.stringContaining(`Type ${PROJECT} to delete them`)]);
    expect(lines.includes(`deleted project ${PROJECT}`)).toBe(deletes);
  });

  it('with --with-data and -y does not ask', async () => {
    await component(undefined).remove(inputs({ args: ['--with-data', '-y'] }));
    expect(lines.at(-1)).toBe(`deleted project ${PROJECT}`);
  });

  it('with --with-data and nobody to ask deletes nothing at all', async () => {
    const refused = component(undefined).remove(inputs({ args: ['--with-data'] }));
    await expect(refused).rejects.toThrow(/nobody is here to ask/);
    expect(Object.keys(await world.slsCalls()).filter((action) => action.startsWith('Delete'))).toEqual([]);
  });
});
