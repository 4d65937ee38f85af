import { createHash, createHmac } from 'node:crypto';
import type { RecordedRequest } from './recording-server.ts';

/**
 * Says whether a request bears a right ACS3-HMAC-SHA256 signature; written from
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature (read 2026-11-23).
 */
export function acs3Problem(request: RecordedRequest, secret: string): string | undefined {
  const { authorization = '' } = request.headers;
  const match = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  if (match === null) return `authorization is ${authorization.slice(0, 40)}`;
  const signedHeaders = (match[2] ?? '').split(';');
  const bodyHash = createHash('sha256').update(request.body).digest('hex');
  if (request.headers['x-acs-content-sha256'] !== bodyHash) return 'the hash of the body is wrong';
  const due = Object.keys(request.headers).filter(
    (name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'),
  );
  if (due.some((name) => !signedHeaders.includes(name))) return 'a header is not signed';
  const [path = '', search = ''] = request.target.split('?');
  const canonical = [
    request.method,
    path,
    search,
    ...signedHeaders.map((name) => `${name}:${request.headers[name]?.trim()}`),
    '',
    signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
  const toSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  const expected = createHmac('sha256', secret).update(toSign).digest('hex');
  return expected === match[3] ? undefined : 'the signature is wrong';
}

/**
 * Says whether a request may pass a trigger with `authType: function`; written from
 * https://help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers and
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature (read 2026-11-23).
 * The examples there leave the body's hash empty.
 */
export function acs3TriggerProblem(
  request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  },
  secret: string,
): string | undefined {
  const { authorization = '', 'x-acs-date': date = '' } = request.headers;
  const [, signed = '', signature] =
    /^ACS3-HMAC-SHA256 Credential=[^,]+,SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (signature === undefined) return 'no signature';
  if (Math.abs(Date.parse(date) - Date.now()) > 900_000) return 'the date is wrong';
  const names = signed.split(';');
  if (!names.includes('x-acs-date')) return 'the date is not signed';
  const canonical = [
    request.method,
    request.path,
    '',
    ...names.map((name) => `${name}:${request.headers[name]?.trim()}`),
    '',
    signed,
    '',
  ].join('\n');
  const toSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  return createHmac('sha256', secret).update(toSign).digest('hex') === signature
    ? undefined
    : 'the signature is wrong';
}

/**
 * Says whether a request bears a right `LOG` signature (hmac-sha256); written from
 * https://www.alibabacloud.com/help/en/sls/developer-reference/request-signatures (read 2026-11-23).
 */
export function logProblem(request: RecordedRequest, keyId: string, secret: string): string | undefined {
  const { headers, body } = request;
  const [scheme, credential = ''] = (headers['authorization'] ?? '').split(' ');
  const colon = credential.indexOf(':');
  if (scheme !== 'LOG' || credential.slice(0, colon) !== keyId) return 'not signed by the key';
  if (headers['x-log-signaturemethod'] !== 'hmac-sha256') return 'another signature method';
  const md5 = headers['content-md5'] ?? '';
  if (body.length > 0 && md5 !== createHash('md5').update(body).digest('hex').toUpperCase()) {
    return 'content-md5 is wrong';
  }
  const url = new URL(request.target, 'http://host');
  const query = [...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `${k}=${v}`);
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-log-') || name.startsWith('x-acs-'))
    .sort();
  const toSign = [
    request.method,
    md5,
    headers['content-type'] ?? '',
    headers['date'] ?? '',
    ...own.map((name) => `${name}:${headers[name]}`),
    url.pathname + (query.length > 0 ? `?${query.join('&')}` : ''),
  ].join('\n');
  const expected = createHmac('sha256', secret).update(toSign).digest('base64');
  return expected === credential.slice(colon + 1) ? undefined : 'the signature is wrong';
}
