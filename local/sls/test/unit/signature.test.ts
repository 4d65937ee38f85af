import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  canonicalRequestsV4,
  parseV4Authorization,
  percentEncode,
  type SignedParts,
  signV1,
  signV4,
  stringsToSignV1,
} from '../../src/envelope/signature.ts';

function parts(given: {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
}): SignedParts {
  const headers = Object.entries(given.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ]);
  return {
    method: given.method,
    rawPath: given.path,
    query: Object.entries(given.query ?? {}),
    headers: new Map(headers),
  };
}

/** Vectors of aliyun-log-nodejs-sdk test/unit.test.js and aliyun-log-go-sdk signature_v4_test.go (read 2026-11-23). */
describe('version 1 signature, vectors of the official SDKs', () => {
  const jsDate = {
    date: 'Mon, 09 Nov 2015 06:11:16 GMT',
    'x-log-apiversion': '0.6.0',
    'x-log-signaturemethod': 'hmac-sha1',
  };
  const post = {
    date: 'Mon, 09 Nov 2015 06:03:03 GMT',
    'x-log-apiversion': '0.6.0',
    'x-log-signaturemethod': 'hmac-sha1',
    'content-md5': '1DD45FA4A70A9300CC9FE7305AF2C494',
    'content-length': '52',
    'content-type': 'application/x-protobuf',
    'x-log-bodyrawsize': '50',
    'x-log-compresstype': 'lz4',
  };
  const goBody = Buffer.concat([
    Buffer.from([10, 50, 10, 30, 8, 248, 178, 147, 158, 5, 18, 22, 10, 7]),
    Buffer.from('TestKey'),
    Buffer.from([18, 11]),
    Buffer.from('TestContent'),
    Buffer.from([26, 0, 34, 14]),
    Buffer.from('10.230.201.117'),
  ]);
  const token =
    'CAISiwJ1q6Ft5B2yfSjIr5D7Et3+35R02JuKR1P1lk40dt1giPfK1Dz2IHhLdXNrAuEXs/w0mmBQ7v8TlqZdVplOWU3Da+B364xK7Q75jHw5B0zwv9I+k5SANTW5KXyShb3/AYjQSNfaZY3eCTTtnTNyxr3XbCirW0ffX7SClZ9gaKZ8PGD6F00kYu1bPQx/ssQXGGLMPPK2SH7Qj3HXEVBjt3gX6wo9y9zmnZHNukGH3QOqkbVM9t6rGPX+MZkwZqUYesyuwel7epDG1CNt8BVQ/M909vccpmad5YrMUgQJuEvWa7KNo8caKgJmI7M3AbBFp/WlyKMn5raOydSrkE8cePtSVynP+g0hR0dZ+YgagAEFdb+5rO1e+OZ3kcmPKF5Zh2Sni+vF1qzKA/SElND5koQQV6uvVCweKnfzCPMKjY0OXWmfgtcwOTyJ4ABGsTGnILzBNRD/+Gdqe7wclZrj0aDUkTdFf8k7SudZuO9KOPBe8mS3pJoMs1p67mWA/J4Wn0dottbprb5EQOBRxUC6bw==';

  it.each([
    {
      name: 'JS, GET with a query',
      secret: '4fdO2fTDDnZPU/L7CHNdemB2Nsk=',
      request: parts({
        method: 'GET',
        path: '/logstores',
        query: { logstoreName: '', offset: '0', size: '1000' },
        headers: jsDate,
      }),
      signature: 'jEYOTCJs2e88o+y5F4/S5IsnBJQ=',
    },
    {
      name: 'JS, POST of a compressed body',
      secret: '4fdO2fTDDnZPU/L7CHNdemB2Nsk=',
      request: parts({ method: 'POST', path: '/logstores/test-logstore', headers: post }),
      signature: 'XWLGYHGg2F2hcfxWxMLiNkGki6g=',
    },
    {
      name: 'JS, POST with an STS token',
      secret: '56Xqw2THF5vTHTNkGWR6uGRKXToKWMi2eLFjppPNV8RR',
      request: parts({
        method: 'POST',
        path: '/logstores/test-logstore',
        headers: { ...post, 'x-acs-security-token': token },
      }),
      signature: 'G3R03b6PwVI+zUaLtqezsBDL/j8=',
    },
    {
      name: 'Go, GET',
      secret: 'mockAccessKeySecret',
      request: parts({
        method: 'GET',
        path: '/logstores',
        headers: {
          'x-log-apiversion': '0.6.0',
          'x-log-signaturemethod': 'hmac-sha1',
          'x-log-bodyrawsize': '0',
          Date: 'Mon, 3 Jan 2010 08:33:47 GMT',
        },
      }),
      signature: 'Rwm6cTKzoti4HWoe+GKcb6Kv07E=',
    },
    {
      name: 'Go, a protobuf body',
      secret: 'mockAccessKeySecret',
      request: parts({
        method: 'GET',
        path: '/logstores/app_log',
        headers: {
          'x-log-apiversion': '0.6.0',
          'x-log-signaturemethod': 'hmac-sha1',
          'x-log-bodyrawsize': '50',
          'Content-MD5': createHash('md5').update(goBody).digest('hex').toUpperCase(),
          'Content-Type': 'application/x-protobuf',
          'Content-Length': '50',
          Date: 'Mon, 3 Jan 2010 08:33:47 GMT',
        },
      }),
      signature: '87xQWqFaOSewqRIma8kPjGYlXHc=',
    },
  ])('$name', ({ secret, request, signature }) => {
    expect(signV1(stringsToSignV1(request)[0] ?? '', secret, 'sha1')).toBe(signature);
  });

  it('offers the string without x-log-date, which the Python SDK adds after signing', () => {
    const signed = parts({ method: 'GET', path: '/', headers: jsDate });
    const sent = parts({ method: 'GET', path: '/', headers: { ...jsDate, 'x-log-date': jsDate.date } });
    expect(stringsToSignV1(sent)).toContain(stringsToSignV1(signed)[0]);
  });

  it('offers no string for another path, query or header', () => {
    const base = { method: 'GET', path: '/logstores', query: { size: '1' }, headers: jsDate };
    const wanted = stringsToSignV1(parts(base))[0];
    for (const other of [
      { ...base, path: '/logstore' },
      { ...base, query: { size: '2' } },
      { ...base, method: 'POST' },
      { ...base, headers: { ...jsDate, 'x-log-bodyrawsize': '1' } },
    ]) {
      expect(stringsToSignV1(parts(other))).not.toContain(wanted);
    }
  });
});

/** The same vectors are in the Go SDK's signature_v4_test.go and the Python SDK's tests/unit/test_auth.py. */
describe('version 4 signature, vectors of the official SDKs', () => {
  const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const bodySha256 = createHash('sha256').update('adasd= -asd zcas').digest('hex');
  const query = { ' abc': 'efg', ' agc ': '', '': 'efg', 'A-bc': 'eFg' };
  const headers = {
    hello: 'world',
    'hello-Text': 'a12X- ',
    ' Ko ': '',
    'x-log-test': 'het123',
    'x-acs-ppp': 'dds',
  };
  const dateTime = '20220808T032330Z';

  it.each([
    {
      name: 'POST',
      region: 'cn-hangzhou',
      given: { method: 'POST', path: '/logstores', query, headers },
      sha256: bodySha256,
      signature: 'a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed',
    },
    {
      name: 'POST in another region, nothing optional',
      region: 'cn-shanghai',
      given: { method: 'POST', path: '/logstores', headers: {} },
      sha256: bodySha256,
      signature: '8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8',
    },
    {
      name: 'POST without a body',
      region: 'cn-hangzhou',
      given: { method: 'POST', path: '/logstores', query, headers },
      sha256: emptySha256,
      signature: '5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701',
    },
    {
      name: 'GET',
      region: 'cn-hangzhou',
      given: { method: 'GET', path: '/logstores', query, headers },
      sha256: emptySha256,
      signature: 'd92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a',
    },
    {
      name: 'a path and parameters with special characters',
      region: 'cn-hangzhou',
      given: {
        method: 'POST',
        path: '/logstores/hello/a+*~bb/cc',
        query: { ...query, 'abs-ij*asd/vc': 'a~js+d ada', 'a abAas123/vc': 'a~jdad a2ADFs+d ada' },
        headers,
      },
      sha256: bodySha256,
      signature: '2c204068e961a8813a6bcf7ac422f7fa6e9bf9a5da493e0165dfe100854d18ff',
    },
  ])('$name', ({ region, given, sha256, signature }) => {
    const request = parts({
      ...given,
      headers: { ...given.headers, 'x-log-date': dateTime, 'x-log-content-sha256': sha256 },
    });
    const [canonical = ''] = canonicalRequestsV4(request, sha256);
    expect(signV4(canonical, 'zxasdasdasw2', { date: '20220808', dateTime, region })).toBe(signature);
  });

  it.each([
    ['123abc!@#$%^&*()-=_+ ~|\\/', '123abc%21%40%23%24%25%5E%26%2A%28%29-%3D_%2B%20~%7C%5C%2F'],
    [
      '!@#$%^&*()=-+ ~./_[()]%20你好\0đ❤😓',
      '%21%40%23%24%25%5E%26%2A%28%29%3D-%2B%20~.%2F_%5B%28%29%5D%2520%E4%BD%A0%E5%A5%BD%00%C4%91%E2%9D%A4%F0%9F%98%93',
    ],
  ])('percent-encodes %j', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });

  it('reads the Authorization header', () => {
    const signature = 'a'.repeat(64);
    expect(
      parseV4Authorization(
        `SLS4-HMAC-SHA256 Credential=id/20220808/cn-hangzhou/sls/aliyun_v4_request,Signature=${signature}`,
      ),
    ).toEqual({ accessKeyId: 'id', date: '20220808', region: 'cn-hangzhou', signature });
  });

  it.each(['', 'LOG id:x', 'SLS4-HMAC-SHA256 Credential=id/2022/r/sls/aliyun_v4_request,Signature=ab'])(
    'does not read %j',
    (header) => {
      expect(parseV4Authorization(header)).toBeUndefined();
    },
  );
});
