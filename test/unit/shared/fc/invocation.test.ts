import { afterEach, describe, expect, it } from '@jest/globals';
import { DeadlineError } from '../../../../shared/errors.ts';
import { createRoleCredentials, type Deadline, startDeadline } from '../../../../shared/fc/invocation.ts';
import { ProblemError } from '../../../../shared/fc/response.ts';
import { until } from '../../../support/until.ts';

const environment = { accessKeyId: 'env-id', accessKeySecret: 'env-secret', securityToken: 'env-token' };

describe('createRoleCredentials', () => {
  const provided = (credentials: object | undefined, keys = environment) => {
    const role = createRoleCredentials(keys);
    role.refresh({ requestId: '1', ...(credentials === undefined ? {} : { credentials }) });
    return role.provide();
  };

  it("prefers the invocation's keys to the instance's", () => {
    const credentials = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' };
    expect(provided(credentials)).toEqual(credentials);
  });

  it.each([[{}], [{ accessKeyId: 'id' }], [{ accessKeyId: '', accessKeySecret: '' }]])(
    'falls back to the environment when the context has only %j',
    (credentials) => {
      expect(provided(credentials)).toEqual(environment);
    },
  );

  it('leaves the token out when there is none', () => {
    const keys = { accessKeyId: 'id', accessKeySecret: 's', securityToken: '' };
    expect(provided(undefined, keys)).toEqual({ accessKeyId: 'id', accessKeySecret: 's' });
  });
});

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

const open: Deadline[] = [];
afterEach(() => {
  for (const deadline of open.splice(0)) deadline.close();
});
const start = (timeout: unknown, now = () => 1_000) => {
  const deadline = startDeadline({ requestId: '', function: { timeout } } as never, now);
  open.push(deadline);
  return deadline;
};

describe('the deadline of an invocation', () => {
  it.each([
    [60, 58_500],
    [600, 598_500],
    [3, 1_500],
    [1, 500],
    [undefined, 58_500],
    [0, 58_500],
    [-1, 58_500],
    ['60', 58_500],
    [Number.NaN, 58_500],
  ])('with a timeout of %s s leaves %d ms', (timeout, expected) => {
    expect(start(timeout).remainingMs()).toBe(expected);
  });

  it('counts down, and not below nothing', () => {
    let now = 1_000;
    const deadline = start(10, () => now);
    now += 8_000;
    expect(deadline.remainingMs()).toBe(500);
    now += 8_000;
    expect(deadline.remainingMs()).toBe(0);
  });

  it('aborts what is under way when it is reached, and not once it is closed', async () => {
    const closed = start(0.1);
    closed.close();
    // Due after the other would have been.
    const reached = start(0.12);
    await until(() => reached.signal.aborted);
    expect(reached.signal.reason).toBeInstanceOf(DeadlineError);
    expect(closed.signal.aborted).toBe(false);
  });
});
