import { createHash, createHmac } from 'node:crypto';
import { type SignedRequest, sameText, verifyAcs3 } from '../http/acs3.ts';
import type { CredentialStore } from '../sls/src/host.ts';

/**
 * Who may call the invocation API: ACS3-HMAC-SHA256 as the current SDKs sign, or FC's own older scheme
 * `FC <key id>:<signature>` as @alicloud/fc2 signs.
 * https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/developer-reference/signature-authentication
 * (read 2026-11-23)
 */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const MAX_SKEW_MS = 15 * 60_000;

/** undefined: the caller may. */
export function refusalOf(
  request: SignedRequest,
  credentials: CredentialStore,
  nowMs: number,
): Refusal | undefined {
  const authorization = String(request.headers.authorization ?? '');
  if (authorization === '') {
    return {
      status: 400,
      code: 'MissingRequiredHeader',
      message: 'required HTTP header Authorization was not specified',
    };
  }
  if (authorization.startsWith('FC ')) return refusalOfLegacy(request, credentials, nowMs);
  const checked = verifyAcs3(request, { credentials, nowMs });
  if (checked.ok) return undefined;
  if (checked.refusal === 'unknown-key') {
    return { status: 403, code: 'InvalidAccessKeyID', message: checked.detail };
  }
  const mismatch = checked.refusal === 'mismatch' || checked.refusal === 'malformed';
  return { status: 403, code: mismatch ? 'SignatureNotMatch' : 'AccessDenied', message: checked.detail };
}

function refusalOfLegacy(
  request: SignedRequest,
  credentials: CredentialStore,
  nowMs: number,
): Refusal | undefined {
  const header = (name: string) => String(request.headers[name] ?? '');
  const [, keyId = '', signature = ''] = /^FC ([^:\s]+):(\S+)$/.exec(header('authorization')) ?? [];
  const key = credentials.find(keyId);
  if (key === undefined) return denied('InvalidAccessKeyID', 'the access key id is not known');
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
    return denied('SignatureNotMatch', 'The request signature does not match the one calculated here.');
  }
  if (!(Math.abs(nowMs - Date.parse(header('date'))) <= MAX_SKEW_MS)) {
    return denied('AccessDenied', 'the date is missing or more than 15 minutes away from now');
  }
  const expired = key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs;
  if (header('x-fc-security-token') !== (key.securityToken ?? '') || expired) {
    return denied('AccessDenied', 'the security token is missing, expired or not that of the access key');
  }
  return undefined;
}

/** Base64 of the digest, or of its hex text, as @alicloud/fc2 sends it. */
function md5Fits(contentMd5: string, body: Buffer): boolean {
  if (contentMd5 === '') return true;
  const digest = createHash('md5').update(body).digest();
  return [digest.toString('base64'), Buffer.from(digest.toString('hex')).toString('base64')].includes(
    contentMd5,
  );
}

function denied(code: string, message: string): Refusal {
  return { status: 403, code, message };
}
