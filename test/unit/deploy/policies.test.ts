import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

interface Statement {
  Effect: string;
  Action: string[];
  Resource: string[];
}

function statements(name: string): Statement[] {
  const text = readFileSync(new URL(`../../../deploy/policies/${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { Version: '1'; Statement: Statement[] }).Statement;
}

/** What RAM calls the operations, https://www.alibabacloud.com/help/en/doc-detail/29051.htm (read 2026-11-23). */
const RIGHT_OF = {
  PutLogs: 'log:PostLogStoreLogs',
  GetLogsV2: 'log:GetLogStoreLogs',
  ListShards: 'log:ListShards',
  GetCursor: 'log:GetCursorOrData',
  GetCursorTime: 'log:GetCursorOrData',
  PullLogs: 'log:GetCursorOrData',
  ConsumerGroupHeartBeat: 'log:ConsumerGroupHeartBeat',
  GetCheckPoint: 'log:GetConsumerGroupCheckPoint',
  ConsumerGroupUpdateCheckPoint: 'log:ConsumerGroupUpdateCheckPoint',
};

const allows = (all: readonly Statement[], action: string, resource: string) =>
  all.some(
    ({ Effect, Action, Resource }) =>
      Effect === 'Allow' &&
      Action.includes(action) &&
      Resource.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(resource)),
  );
const logstore = (name: string) => `acs:log:ap-southeast-1:1:project/idv-1-ap-southeast-1/logstore/${name}`;
const group = `${logstore('idv-pending')}/consumergroup/idv-sweep`;

describe('the function role', () => {
  const all = statements('function');

  it.each([
    ['PutLogs', logstore('idv-pending')],
    ['PutLogs', logstore('idv-records')],
    ['PutLogs', logstore('idv-events')],
    ['PutLogs', logstore('idv-sweeps')],
    ['PutLogs', logstore('idv-functions')],
    ['GetLogsV2', logstore('idv-pending')],
    ['GetLogsV2', logstore('idv-records')],
    ['GetLogsV2', logstore('idv-events')],
    ['GetLogsV2', logstore('idv-sweeps')],
    ['ListShards', logstore('idv-pending')],
    ['GetCursor', logstore('idv-pending')],
    ['GetCursorTime', logstore('idv-pending')],
    ['PullLogs', logstore('idv-pending')],
    ['ConsumerGroupHeartBeat', group],
    ['GetCheckPoint', group],
    ['ConsumerGroupUpdateCheckPoint', group],
  ] as const)('may %s on %s', (action, resource) => {
    expect(allows(all, RIGHT_OF[action], resource)).toBe(true);
  });

  it.each([
    ['PullLogs', logstore('idv-records')],
    ['PutLogs', logstore('somebody-elses')],
    ['PutLogs', logstore('idv-pending').replace('project/idv-1', 'project/other-1')],
    ['ConsumerGroupUpdateCheckPoint', group.replace('idv-sweep', 'other')],
  ] as const)('may not %s on %s', (action, resource) => {
    expect(allows(all, RIGHT_OF[action], resource)).toBe(false);
  });

  it('may start the sweep and no other function', () => {
    expect(allows(all, 'fc:InvokeFunction', 'acs:fc:cn-hongkong:1:functions/idv-sweep')).toBe(true);
    expect(allows(all, 'fc:InvokeFunction', 'acs:fc:cn-hongkong:1:functions/idv-sweep2')).toBe(false);
  });

  it('may change no setting and delete nothing', () => {
    const actions = all.flatMap(({ Action }) => Action);
    expect(
      actions.filter(
        (action) => /Create|Delete|Update(?!CheckPoint)|\*/.test(action) && !/CheckPoint/.test(action),
      ),
    ).toEqual([]);
  });

  it('names logstores that exist, each whole', () => {
    const names = all
      .flatMap(({ Resource }) => Resource)
      .flatMap((one) => /logstore\/([^/]+)/.exec(one)?.[1] ?? []);
    expect(new Set(names)).toEqual(
      new Set(['idv-pending', 'idv-records', 'idv-events', 'idv-sweeps', 'idv-functions']),
    );
  });
});

describe('the deploying user', () => {
  const all = statements('deployer');

  it('may touch nothing outside projects and roles of ours', () => {
    for (const resource of all.flatMap(({ Resource }) => Resource)) {
      expect(resource).toMatch(/^acs:log:\*:\*:project\/idv-\*|^acs:ram:\*:\*:role\/idv-dropoff$/);
    }
  });

  it('may neither write nor search rows', () => {
    const actions = all.flatMap(({ Action }) => Action);
    expect(actions).not.toContain('log:PostLogStoreLogs');
    expect(actions).not.toContain('log:GetLogStoreLogs');
  });
});
