import { describe, expect, it } from '@jest/globals';
import { toHttpResponse } from '../../../../local/fc/http-event.ts';
import { everyMs } from '../../../../local/fc/spec.ts';

const answer = (returned: unknown) => toHttpResponse(Buffer.from(JSON.stringify(returned)));

describe('toHttpResponse', () => {
  it('takes status, headers and body, and leaves out the headers that are not the function’s to set', () => {
    const headers = {
      'Content-Type': 'text/plain',
      'X-Fc-Own': '1',
      Connection: 'close',
      Date: 'x',
      Server: 'y',
    };
    expect(answer({ statusCode: 418, headers, body: 'tea' })).toEqual({
      status: 418,
      headers: { 'Content-Type': 'text/plain' },
      body: Buffer.from('tea'),
    });
  });

  it('decodes a Base64 body', () => {
    const body = Buffer.from([0, 255, 10]).toString('base64');
    expect(answer({ statusCode: 200, body, isBase64Encoded: true }).body).toEqual(Buffer.from([0, 255, 10]));
  });

  it.each([
    ['an object without a status', { ok: true }],
    ['a list', [1, 2]],
    ['a text', 'hello'],
    ['null', null],
  ])('answers 200 with the whole of %s', (_, returned) => {
    expect(answer(returned)).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(returned)),
    });
  });

  it('answers 200 with what is no JSON at all', () => {
    expect(toHttpResponse(Buffer.from('<p>')).body.toString()).toBe('<p>');
  });
});

describe('everyMs', () => {
  it.each([
    ['@every 5m', 300_000],
    ['@every 30s', 30_000],
    ['@every 2h', 7_200_000],
  ])('%s', (expression, ms) => {
    expect(everyMs(expression)).toBe(ms);
  });

  it.each(['@every 0m', '@every 5', '@every m', '0 0 4 * * *', ''])('refuses "%s"', (expression) => {
    expect(() => everyMs(expression)).toThrow(RangeError);
  });
});
