import { describe, expect, it } from '@jest/globals';
import { credentialsOf } from '../../../../shared/fc/context.ts';

const environment = { accessKeyId: 'env-id', accessKeySecret: 'env-secret', securityToken: 'env-token' };

describe('credentialsOf', () => {
  it("prefers the invocation's keys to the instance's", () => {
    const credentials = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' };
    expect(credentialsOf({ requestId: '1', credentials }, environment)).toEqual(credentials);
  });

  it.each([[{}], [{ accessKeyId: 'id' }], [{ accessKeyId: '', accessKeySecret: '' }]])(
    'falls back to the environment when the context has only %j',
    (credentials) => {
      expect(credentialsOf({ requestId: '1', credentials }, environment)).toEqual(environment);
    },
  );

  it('leaves the token out when there is none', () => {
    expect(
      credentialsOf({ requestId: '1' }, { accessKeyId: 'id', accessKeySecret: 's', securityToken: '' }),
    ).toEqual({ accessKeyId: 'id', accessKeySecret: 's' });
  });

  it('knows when there are none at all', () => {
    expect(
      credentialsOf(
        { requestId: '1' },
        { accessKeyId: undefined, accessKeySecret: undefined, securityToken: undefined },
      ),
    ).toBeUndefined();
  });
});
