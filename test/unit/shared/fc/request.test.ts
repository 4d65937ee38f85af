import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  bodyBytes,
  bodySize,
  decodeHttpEvent,
  type HttpRequest,
  parseBody,
  parseEvent,
  safeParseJson,
} from '../../../../shared/fc/request.ts';
import { ProblemError } from '../../../../shared/fc/response.ts';

/** The example of https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function */
const documented = {
  version: 'v1',
  rawPath: '/v1/transactions/a%2Fb',
  body: 'SGVsbG8=',
  isBase64Encoded: true,
  headers: { 'Content-Type': 'application/json', ACCEPT: 'a,b' },
  queryParameters: { from: '1', tag: 'x,y' },
  requestContext: {
    accountId: '123456*********',
    domainName: 'id.cn-shanghai.fcapp.run',
    domainPrefix: 'id',
    http: {
      method: 'post',
      path: '/v1/transactions/a/b',
      protocol: 'HTTP/1.1',
      sourceIp: '1.1.1.1',
      userAgent: 'curl',
    },
    requestId: '1-64f6cd87-0000',
    time: '2023-09-05T06:41:11Z',
    timeEpoch: '1693896071895',
  },
};

describe('an HTTP trigger event', () => {
  it.each([
    ['a Buffer, as FC hands it over', Buffer.from(JSON.stringify(documented))],
    ['a Uint8Array', new Uint8Array(Buffer.from(JSON.stringify(documented)))],
    ['text', JSON.stringify(documented)],
    ['an object', documented],
  ])('is read from %s', (_what, event) => {
    const request = decodeHttpEvent(event);
    expect(request.method).toBe('POST');
    expect(request.rawPath).toBe('/v1/transactions/a%2Fb');
    expect({ ...request.headers }).toEqual({ 'content-type': 'application/json', accept: 'a,b' });
    expect({ ...request.query }).toEqual({ from: '1', tag: 'x,y' });
    expect(bodyBytes(request).toString()).toBe('Hello');
    expect(bodySize(request)).toBe(5);
    expect(request.requestId).toBe('1-64f6cd87-0000');
  });

  it('reads a part of a larger buffer only', () => {
    const text = JSON.stringify(documented);
    const pool = Buffer.from(`###${text}###`);
    expect(decodeHttpEvent(pool.subarray(3, 3 + text.length)).method).toBe('POST');
  });

  it('encodes the decoded path again where there is no raw one', () => {
    const { rawPath: _, ...rest } = documented;
    const event = { ...rest, requestContext: { http: { method: 'GET', path: '/v1/a b/ü' } } };
    expect(decodeHttpEvent(event).rawPath).toBe('/v1/a%20b/%C3%BC');
  });

  it('joins headers that differ in case only, and takes lists', () => {
    const event = {
      ...documented,
      headers: { 'X-A': '1', 'x-a': '2', 'x-b': ['3', '4', 5] },
      queryParameters: null,
    };
    expect({ ...decodeHttpEvent(event).headers }).toEqual({ 'x-a': '1,2', 'x-b': '3,4' });
  });

  it('cuts a query off the path', () => {
    expect(decodeHttpEvent({ ...documented, rawPath: '/v1/health?x=1' }).rawPath).toBe('/v1/health');
  });

  it('keeps names that reach for a prototype as plain names', () => {
    const event = JSON.stringify(documented).replace('"tag"', '"__proto__"');
    const { query } = decodeHttpEvent(event);
    expect(Object.getPrototypeOf(query)).toBeNull();
    expect(Object.keys(query)).toContain('__proto__');
    expect(({} as Record<string, unknown>).y).toBeUndefined();
  });

  it.each([
    ['not JSON', Buffer.from('{')],
    ['a list', []],
    ['nothing', undefined],
    ['a number', 7],
    ['no method', { ...documented, requestContext: {} }],
    ['a method that is none', { ...documented, requestContext: { http: { method: 'GET /x', path: '/' } } }],
    ['no path', { requestContext: { http: { method: 'GET' } } }],
    ['a body that is an object', { ...documented, body: {} }],
    ['half a surrogate in the path', { requestContext: { http: { method: 'GET', path: '/\ud800' } } }],
  ])('is refused when it is %s', (_what, event) => {
    expect(() => decodeHttpEvent(event)).toThrow(ProblemError);
  });

  it('never throws anything but a problem, and sizes a body as its bytes', () => {
    fc.assert(
      fc.property(fc.anything(), fc.uint8Array({ maxLength: 200 }), fc.boolean(), (part, bytes, base64) => {
        for (const event of [
          part,
          { ...documented, headers: part, queryParameters: part, requestContext: part },
        ]) {
          try {
            decodeHttpEvent(event);
          } catch (error) {
            expect(error).toBeInstanceOf(ProblemError);
          }
        }
        const body = Buffer.from(bytes).toString(base64 ? 'base64' : 'latin1');
        const request = decodeHttpEvent({ ...documented, body, isBase64Encoded: base64 });
        expect(bodySize(request)).toBe(bodyBytes(request).length);
      }),
    );
  });

  it('hands on what is not JSON as undefined', () => {
    expect(parseEvent(Buffer.from('not json'))).toBeUndefined();
    expect(parseEvent(Buffer.from('{"triggerName":"t"}'))).toEqual({ triggerName: 't' });
  });
});

function request(
  body: string | Buffer,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): HttpRequest {
  const bodyIsBase64 = typeof body !== 'string';
  return {
    method: 'POST',
    rawPath: '/',
    query: {},
    headers,
    rawBody: bodyIsBase64 ? body.toString('base64') : body,
    bodyIsBase64,
    requestId: undefined,
  };
}
const codeOf = (call: () => unknown) => {
  try {
    call();
    return 'no error';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a body', () => {
  it.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"'])(
    'of type %s is read as JSON',
    (type) => {
      expect(parseBody(request('{"a":[1]}', { 'content-type': type }), { ndjson: true })).toEqual({
        kind: 'json',
        value: { a: [1] },
      });
    },
  );

  it('is read from base64, a byte order mark included', () => {
    expect(parseBody(request(Buffer.from('\ufeff{"ü":1}')), { ndjson: true })).toEqual({
      kind: 'json',
      value: { ü: 1 },
    });
  });

  it('of NDJSON gives an outcome for each line that is not blank', () => {
    const body = '{"a":1}\r\n\n  \nnot json\n{"__proto__":1}\n2';
    expect(parseBody(request(body, { 'content-type': 'application/x-ndjson' }), { ndjson: true })).toEqual({
      kind: 'ndjson',
      lines: [
        { ok: true, value: { a: 1 } },
        { ok: false, reason: 'is not valid JSON' },
        { ok: false, reason: 'has a key with a reserved name' },
        { ok: true, value: 2 },
      ],
    });
  });

  it('that is empty needs no type', () => {
    expect(parseBody(request('', {}), { ndjson: false })).toEqual({ kind: 'none' });
  });

  it.each([
    ['no type', {}],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['JSON in another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['two types in one header', { 'content-type': 'application/json,text/plain' }],
  ])('of %s is unsupported', (_what, headers) => {
    expect(codeOf(() => parseBody(request('{}', headers), { ndjson: true }))).toBe('MEDIA_TYPE_UNSUPPORTED');
  });

  it.each(['application/x-ndjson', 'application/ndjson; charset=utf-8'])('of type %s is NDJSON', (type) => {
    const given = request('{}\n{}', { 'content-type': type });
    expect(parseBody(given, { ndjson: true })).toMatchObject({ kind: 'ndjson' });
  });

  it('may hold names of members that every object has', () => {
    const value = { constructor: 1, prototype: 2, toString: 3 };
    expect(parseBody(request(JSON.stringify(value)), { ndjson: false })).toEqual({ kind: 'json', value });
  });

  it('of NDJSON is unsupported where only JSON is taken', () => {
    const given = request('{}', { 'content-type': 'application/x-ndjson' });
    expect(codeOf(() => parseBody(given, { ndjson: false }))).toBe('MEDIA_TYPE_UNSUPPORTED');
  });

  it.each([
    ['text', (size: number) => `"${'x'.repeat(size - 2)}"`],
    ['base64', (size: number) => Buffer.from(`"${'x'.repeat(size - 2)}"`)],
  ])('may have 1 MB and not a byte more, as %s', (_what, make) => {
    expect(parseBody(request(make(1_048_576)), { ndjson: false }).kind).toBe('json');
    expect(codeOf(() => parseBody(request(make(1_048_577)), { ndjson: false }))).toBe('BODY_TOO_LARGE');
  });

  it.each([
    ['half a document', '{"a":'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a million brackets', '['.repeat(1_000_000)],
    ['deep nesting', `${'['.repeat(17)}${']'.repeat(17)}`],
    ['__proto__', '{"a":[{"__proto__":{"x":1}}]}'],
    ['NaN', 'NaN'],
  ])('with %s is invalid', (_what, body) => {
    expect(codeOf(() => parseBody(request(body), { ndjson: false }))).toBe('INPUT_INVALID');
  });

  it('may be nested sixteen levels deep', () => {
    expect(safeParseJson(`${'['.repeat(16)}${']'.repeat(16)}`).ok).toBe(true);
  });
});
