import { createHash, createHmac } from 'node:crypto';
import { type Acs3Refusals, type SignedRequest, sameText, verifyAcs3 } from '../http/acs3.ts';
import { Refused } from '../http/listen.ts';
import type { CredentialStore } from '../sls/src/host.ts';

/**
 * Who may call the invocation API: ACS3-HMAC-SHA256 as the current SDKs sign, or FC's own older scheme
 * `FC <key id>:<signature>` as @alicloud/fc2 signs.
 * https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/developer-reference/signature-authentication
 * (read 2026-11-23)
 */
const REFUSALS: Acs3Refusals = {
  missing: [403, 'AccessDenied'],
  malformed: [403, 'SignatureNotMatch'],
  'unknown-key': [403, 'InvalidAccessKeyID'],
  mismatch: [403, 'SignatureNotMatch'],
  skew: [403, 'AccessDenied'],
  nonce: [403, 'AccessDenied'],
  token: [403, 'AccessDenied'],
  expired: [403, 'AccessDenied'],
};

const MAX_SKEW_MS = 15 * 60_000;

/** @throws Refused unless a known key signed the request */
export function checkSignature(request: SignedRequest, credentials: CredentialStore, nowMs: number): void {
  const authorization = String(request.headers.authorization ?? '');
  if (authorization === '') {
    const message = 'required HTTP header Authorization was not specified';
    throw new Refused(400, 'MissingRequiredHeader', message);
  }
  if (authorization.startsWith('FC ')) checkLegacySignature(request, credentials, nowMs);
  else verifyAcs3(request, { credentials, nowMs, refusals: REFUSALS });
}

function checkLegacySignature(request: SignedRequest, credentials: CredentialStore, nowMs: number): void {
  const header = (name: string) => String(request.headers[name] ?? '');
  const [, keyId = '', signature = ''] = /^FC ([^:\s]+):(\S+)$/.exec(header('authorization')) ?? [];
  const key = credentials.find(keyId);
  if (key === undefined) throw new Refused(403, 'InvalidAccessKeyID', 'the access key id is not known');
  const fcHeaders = Object.keys(request.headers)
    .filter((name) => name.startsWith('x-fc-'))
    .sort()
    .map((name) => `${name}:${header(name)}\n`);
  const toSign = [
    request.method,
    header('content-md5'),
    header('content-type'),
    header('date'),
    fcHeaders.join('') + request.target.split('?', 1)[0],
  ].join('\n');
  const expected = createHmac('sha256', key.accessKeySecret).update(toSign, 'utf8').digest('base64');
  if (!sameText(expected, signature) || !md5Fits(header('content-md5'), request.body)) {
    const message = 'The request signature does not match the one calculated here.';
    throw new Refused(403, 'SignatureNotMatch', message);
  }
  if (!(Math.abs(nowMs - Date.parse(header('date'))) <= MAX_SKEW_MS)) {
    throw new Refused(403, 'AccessDenied', 'the date is missing or more than 15 minutes away from now');
  }
  const expired = key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs;
  if (header('x-fc-security-token') !== (key.securityToken ?? '') || expired) {
    const message = 'the security token is missing, expired or not that of the access key';
    throw new Refused(403, 'AccessDenied', message);
  }
}

/** Base64 of the digest, or of its hex text, as @alicloud/fc2 sends it. */
function md5Fits(contentMd5: string, body: Buffer): boolean {
  if (contentMd5 === '') return true;
  const digest = createHash('md5').update(body).digest();
  return [digest.toString('base64'), Buffer.from(digest.toString('hex')).toString('base64')].includes(
    contentMd5,
  );
}
