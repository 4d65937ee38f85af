import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../../../shared/fc/problem.ts';
import { createRoleCredentials } from '../../../../shared/fc/role-credentials.ts';

const none = { accessKeyId: undefined, accessKeySecret: undefined, securityToken: undefined };
const keys = (name: string) => ({
  accessKeyId: name,
  accessKeySecret: `${name}-secret`,
  securityToken: `${name}-token`,
});

describe("the role's keys", () => {
  it('are those of the newest invocation that brought any', () => {
    const role = createRoleCredentials(keys('environment'));
    expect(role.provide()).toEqual(keys('environment'));
    role.refresh({ requestId: '', credentials: keys('first') });
    expect(role.provide()).toEqual(keys('first'));
    role.refresh({ requestId: '', credentials: {} });
    expect(role.provide()).toEqual(keys('first'));
    role.refresh({ requestId: '', credentials: { accessKeyId: 'half' } });
    expect(role.provide()).toEqual(keys('first'));
    role.refresh({ requestId: '', credentials: keys('second') });
    expect(role.provide()).toEqual(keys('second'));
  });

  it('are asked for in vain where there is no role', () => {
    const role = createRoleCredentials(none);
    role.refresh({ requestId: '' });
    expect(() => role.provide()).toThrow(ProblemError);
  });
});
