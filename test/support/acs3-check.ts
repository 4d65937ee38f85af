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
