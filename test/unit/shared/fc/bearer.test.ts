import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createBearerCheck } from '../../../../shared/fc/bearer.ts';
import { ProblemError } from '../../../../shared/fc/response.ts';

const hash = (token: string) => createHash('sha256').update(token).digest('hex');
const OLD = 'old-token-of-32-characters-or-more';
const NEW = 'new-token-of-32-characters-or-more';

describe('AUTH=bearer', () => {
  const check = createBearerCheck({ mode: 'bearer', tokenSha256: [hash(OLD), hash(NEW)] });

  it.each([`Bearer ${OLD}`, `bearer ${NEW}`, `BEARER   ${NEW}`])('lets %j through', (header) => {
    expect(() => check(header)).not.toThrow();
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${OLD}x`,
    `Basic ${OLD}`,
    OLD,
    `Bearer ${hash(OLD)}`,
    `Bearer ${OLD} ${NEW}`,
    `Bearer ${OLD},Bearer ${OLD}`,
    `Bearer ${'x'.repeat(2_000)}`,
  ])('refuses %j and says how', (header) => {
    try {
      check(header);
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
      expect(error).toMatchObject({
        code: 'UNAUTHORIZED',
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) },
      });
      return;
    }
    throw new Error('it was let through');
  });

  it('lets nobody through without a token set up, not even with an empty one', () => {
    const closed = createBearerCheck({ mode: 'bearer', tokenSha256: [] });
    for (const header of [undefined, 'Bearer ', 'Bearer x'])
      expect(() => closed(header)).toThrow(ProblemError);
    const empty = createBearerCheck({ mode: 'bearer', tokenSha256: [hash('')] });
    for (const header of [undefined, 'Bearer ', 'Bearer  '])
      expect(() => empty(header)).toThrow(ProblemError);
  });

  it('leaves it to the trigger where the trigger checks', () => {
    expect(() => createBearerCheck({ mode: 'trigger', tokenSha256: [] })(undefined)).not.toThrow();
  });
});
