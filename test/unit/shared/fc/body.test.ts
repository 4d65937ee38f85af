import { describe, expect, it } from '@jest/globals';
import { parseBody, safeParseJson } from '../../../../shared/fc/body.ts';
import type { HttpRequest } from '../../../../shared/fc/event.ts';

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
