import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../../../shared/fc/response.ts';
import { createRouter } from '../../../../shared/fc/router.ts';

const route = createRouter([
  { method: 'POST', path: '/v1/things', name: 'create' },
  { method: 'GET', path: '/v1/things', name: 'list' },
  { method: 'GET', path: '/v1/things/{id}', name: 'read' },
]);
const refusal = (method: string, path: string): ProblemError => {
  try {
    route(method, path);
  } catch (error) {
    if (error instanceof ProblemError) return error;
  }
  throw new Error('it was not refused');
};

describe('the router', () => {
  it('finds a route by method, with decoded parameters', () => {
    expect(route('GET', '/v1/things/a%20b%2Fc')).toEqual({
      kind: 'found',
      route: { method: 'GET', path: '/v1/things/{id}', name: 'read' },
      params: { id: 'a b/c' },
    });
    expect(route('POST', '/v1/things')).toMatchObject({ route: { name: 'create' }, params: {} });
  });

  it('takes HEAD as GET', () => {
    expect(route('HEAD', '/v1/things/x')).toMatchObject({ route: { name: 'read' } });
  });

  it('answers OPTIONS with what is allowed', () => {
    expect(route('OPTIONS', '/v1/things')).toMatchObject({
      kind: 'options',
      allow: 'POST, GET, HEAD, OPTIONS',
    });
    expect(route('OPTIONS', '/v1/things/x')).toMatchObject({ kind: 'options', allow: 'GET, HEAD, OPTIONS' });
  });

  it.each(['DELETE', 'PATCH', 'constructor', '__proto__', 'toString'])(
    'refuses %s with what is allowed',
    (method) => {
      const error = refusal(method, '/v1/things/x');
      expect(error.code).toBe('METHOD_NOT_ALLOWED');
      expect(error.headers).toEqual({ allow: 'GET, HEAD, OPTIONS' });
    },
  );

  it('does not answer HEAD where there is no GET', () => {
    const only = createRouter([{ method: 'POST', path: '/p' }]);
    expect(() => only('HEAD', '/p')).toThrow(ProblemError);
  });

  it.each([
    '/',
    '',
    '/v1',
    '/v1/things/',
    '/v1/things/a/b',
    '/v2/things',
    '//v1/things',
    '/V1/things',
    '/v1%2Fthings',
  ])('has nothing at %j', (path) => {
    const expected = path === '/v1/things/' ? undefined : 'ROUTE_NOT_FOUND';
    // An empty last segment is an empty id: whoever validates ids refuses it.
    if (expected === undefined) expect(route('GET', path)).toMatchObject({ params: { id: '' } });
    else expect(refusal('GET', path).code).toBe(expected);
  });

  it('refuses broken encoding', () => {
    expect(refusal('GET', '/v1/things/%E0%A4%A').code).toBe('INPUT_INVALID');
  });
});
