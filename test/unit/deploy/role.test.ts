import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkRole } from '../../../deploy/role.ts';
import { RecordingServer } from '../../support/recording-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const TRUST = readFileSync(new URL('../../../deploy/policies/trust.json', import.meta.url), 'utf8');
const credentials = { accessKeyId: 'id', accessKeySecret: 'secret' };
const role = (trust: string) => JSON.stringify({ Role: { AssumeRolePolicyDocument: trust } });

let server: RecordingServer;
beforeEach(async () => {
  server = await new RecordingServer().listen();
});
afterEach(() => server.close());

describe('checkRole', () => {
  it.each([
    ['a role as the README makes it', 200, role(TRUST), { state: 'usable' }],
    [
      'a role for something else',
      200,
      role(TRUST.replace('fc.', 'ecs.')),
      { state: 'bad', why: expect.stringContaining('trust policy') },
    ],
    [
      'no role',
      404,
      '{"Code":"EntityNotExist.Role","Message":"x"}',
      { state: 'bad', why: 'there is no role idv-dropoff' },
    ],
    [
      'no right to look',
      403,
      '{"Code":"NoPermission","Message":"x"}',
      { state: 'unknown', why: 'RAM answered NoPermission' },
    ],
  ])('%s', async (_what, status, body, expected) => {
    server.always(status, body, JSON_TYPE);
    expect(await checkRole({ role: 'idv-dropoff', credentials, endpoint: server.url })).toEqual(expected);
  });

  it('asks for the name in an ARN', async () => {
    server.always(200, role(TRUST), JSON_TYPE);
    await checkRole({ role: 'acs:ram::123:role/idv-dropoff', credentials, endpoint: server.url });
    expect(server.requests[0]?.target).toContain('RoleName=idv-dropoff');
    expect(server.requests[0]?.headers['x-acs-action']).toBe('GetRole');
  });

  it('does not take an unreachable RAM for a missing role', async () => {
    const answer = await checkRole({ role: 'r', credentials, endpoint: 'http://127.0.0.1:1' });
    expect(answer.state).toBe('unknown');
  });
});
