import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bodyBytes, bodySize, decodeHttpEvent, parseEvent } from '../../../../shared/fc/event.ts';
import { ProblemError } from '../../../../shared/fc/problem.ts';

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
