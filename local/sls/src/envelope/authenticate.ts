import { createHash } from 'node:crypto';
import type { CredentialStore, LocalCredential } from '../host.ts';
import { SlsError } from './error.ts';
import {
  canonicalRequestsV4,
  equalDigests,
  parseV4Authorization,
  type SignedParts,
  signV1,
  signV4,
  stringsToSignV1,
} from './signature.ts';

export interface AuthenticationInput extends SignedParts {
  /** As sent, that is: compressed. */
  readonly body: Buffer;
}

const MAX_SKEW_MS = 15 * 60 * 1000;
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const API_VERSIONS = ['0.6.0', '0.4.0'];

/**
 * Checks version, date, digest, key, token and signature of a request, in that order.
 * @throws SlsError with the code of the first check that fails
 */
export function authenticate(
  input: AuthenticationInput,
  credentials: CredentialStore,
  nowMs: number,
): LocalCredential {
  const version = input.headers.get('x-log-apiversion');
  if (version === undefined) {
    throw new SlsError('MissingAPIVersion', 'x-log-apiversion does not exist in http header.');
  }
  if (!API_VERSIONS.includes(version)) {
    throw new SlsError('InvalidAPIVersion', `x-log-apiversion ${version} is unsupported.`);
  }
  const authorization = input.headers.get('authorization');
  if (authorization === undefined || authorization === '') {
    throw new SlsError('MissAccessKeyId', 'x-log-accesskeyid does not exist in header.');
  }
  return authorization.startsWith('LOG ')
    ? authenticateV1(input, { authorization, credentials, nowMs })
    : authenticateV4(input, { authorization, credentials, nowMs });
}

interface Check {
  authorization: string;
  credentials: CredentialStore;
  nowMs: number;
}

function authenticateV1(input: AuthenticationInput, check: Check): LocalCredential {
  const method = input.headers.get('x-log-signaturemethod');
  if (method === undefined) {
    throw new SlsError('MissingSignatureMethod', 'x-log-signaturemethod does not exist in http header.');
  }
  const hash = method === 'hmac-sha1' ? 'sha1' : method === 'hmac-sha256' ? 'sha256' : undefined;
  if (hash === undefined) {
    throw new SlsError('InvalidSignatureMethod', `signature method ${method} is unsupported.`);
  }
  // Some proxies drop Date, so the Python SDK repeats it in x-log-date.
  const date = input.headers.get('x-log-date') ?? input.headers.get('date');
  if (date === undefined) throw new SlsError('MissingDate', 'Date does not exist in http header.');
  checkSkew(Date.parse(date), { date, nowMs: check.nowMs });
  checkMd5(input);

  const colon = check.authorization.lastIndexOf(':');
  const accessKeyId = check.authorization.slice('LOG '.length, colon).trim();
  if (colon < 0 || accessKeyId === '') {
    throw new SlsError('MissAccessKeyId', 'x-log-accesskeyid does not exist in header.');
  }
  const credential = findCredential(accessKeyId, input, check);
  const given = check.authorization.slice(colon + 1);
  for (const candidate of stringsToSignV1(input)) {
    if (equalDigests(given, signV1(candidate, credential.accessKeySecret, hash))) return credential;
  }
  throw new SlsError('SignatureNotMatch', `Signature ${given} is not matched.`);
}

function authenticateV4(input: AuthenticationInput, check: Check): LocalCredential {
  const parsed = parseV4Authorization(check.authorization);
  if (parsed === undefined) {
    throw new SlsError('Unauthorized', 'The Authorization header cannot be understood.');
  }
  const dateTime = input.headers.get('x-log-date');
  if (dateTime === undefined) throw new SlsError('MissingDate', 'x-log-date does not exist in http header.');
  checkSkew(parseIsoBasic(dateTime), { date: dateTime, nowMs: check.nowMs });
  const contentSha256 = input.headers.get('x-log-content-sha256') ?? '';
  // The Go and Python SDKs can leave the body out of the signature; they then send the hash of nothing.
  if (contentSha256 !== EMPTY_SHA256 && contentSha256 !== sha256Hex(input.body)) {
    throw new SlsError('SignatureNotMatch', 'x-log-content-sha256 does not match the body.');
  }
  checkMd5(input);
  const credential = findCredential(parsed.accessKeyId, input, check);
  // The region is whatever the client signed for: this server stands in for any region.
  const scope = { date: parsed.date, dateTime, region: parsed.region };
  if (dateTime.startsWith(parsed.date)) {
    for (const candidate of canonicalRequestsV4(input, contentSha256)) {
      if (equalDigests(parsed.signature, signV4(candidate, credential.accessKeySecret, scope))) {
        return credential;
      }
    }
  }
  throw new SlsError('SignatureNotMatch', `Signature ${parsed.signature} is not matched.`);
}

function findCredential(accessKeyId: string, input: AuthenticationInput, check: Check): LocalCredential {
  const credential = check.credentials.find(accessKeyId);
  if (credential === undefined) {
    throw new SlsError('Unauthorized', `AccessKeyId not found: ${accessKeyId}`);
  }
  const token = input.headers.get('x-acs-security-token');
  if (credential.securityToken !== token && (credential.securityToken ?? '') !== (token ?? '')) {
    throw new SlsError('Unauthorized', 'The security token you provided is invalid.');
  }
  if (credential.expiresAtMs !== undefined && check.nowMs >= credential.expiresAtMs) {
    throw new SlsError('Unauthorized', 'The security token you provided has expired.');
  }
  return credential;
}

function checkSkew(dateMs: number, given: { date: string; nowMs: number }): void {
  if (!Number.isFinite(dateMs)) {
    throw new SlsError('InvalidDateFormat', `Date ${given.date} must follow RFC822.`);
  }
  if (Math.abs(given.nowMs - dateMs) > MAX_SKEW_MS) {
    throw new SlsError('RequestTimeExpired', 'Request time exceeds server time more than 15 minutes.');
  }
}

function parseIsoBasic(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function checkMd5(input: AuthenticationInput): void {
  const given = input.headers.get('content-md5');
  if (given === undefined || given === '') return;
  const computed = createHash('md5').update(input.body).digest('hex');
  if (given.toLowerCase() !== computed) {
    throw new SlsError('PostBodyInvalid', 'Content-MD5 does not match the body.');
  }
}

function sha256Hex(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
