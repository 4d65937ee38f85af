import { createHash, createHmac } from 'node:crypto';
import type { RecordedRequest } from './recording-server.ts';

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
