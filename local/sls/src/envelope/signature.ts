import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The two signatures of the service, from the server's side: what was signed is rebuilt from what arrived.
 * The official SDKs differ in details that do not show in the request (whether `x-log-date` was added after
 * signing, whether a path was signed escaped), so each detail that cannot be seen gives one more candidate.
 * Sources: the Go SDK's signature.go and signature_v4.go, the Python SDK's auth.py, `@alicloud/log`, the
 * TypeScript gateway (read 2026-11-23).
 */
export interface SignedParts {
  readonly method: string;
  /** As it arrived, percent-encoded or not. */
  readonly rawPath: string;
  /** Decoded, in the order they arrived. */
  readonly query: ReadonlyArray<readonly [key: string, value: string]>;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
}

const V4_ALGORITHM = 'SLS4-HMAC-SHA256';

/** The strings a version 1 signature may stand for, most likely first. */
export function stringsToSignV1(parts: SignedParts): string[] {
  const head = [
    parts.method,
    parts.headers.get('content-md5') ?? '',
    parts.headers.get('content-type') ?? '',
    parts.headers.get('date') ?? parts.headers.get('x-log-date') ?? '',
  ].join('\n');
  const found = new Set<string>();
  for (const headers of canonicalHeaderVariants(parts.headers)) {
    for (const resource of canonicalResources(parts)) found.add(`${head}\n${headers}${resource}`);
  }
  return [...found];
}

function canonicalHeaderVariants(headers: ReadonlyMap<string, string>): string[] {
  const signed = [...headers.keys()].filter((name) => /^x-(log|acs)-/.test(name)).sort();
  const render = (names: string[]) => names.map((name) => `${name}:${headers.get(name)}\n`).join('');
  const withoutDate = signed.filter((name) => name !== 'x-log-date');
  const withoutMeta = (names: string[]) => names.filter((name) => !name.startsWith('x-log-meta-'));
  return [signed, withoutDate, withoutMeta(signed), withoutMeta(withoutDate)].map(render);
}

function canonicalResources(parts: SignedParts): string[] {
  const byKey = [...parts.query].sort(([a], [b]) => compare(a, b));
  const pairs = byKey.map(([key, value]) => `${key}=${value}`);
  const bare = byKey.map(([key, value]) => (value === '' ? key : `${key}=${value}`));
  const queries = new Set([pairs.join('&'), [...pairs].sort().join('&'), bare.join('&')]);
  return pathVariants(parts.rawPath).flatMap((path) =>
    [...queries].map((query) => (query === '' ? path : `${path}?${query}`)),
  );
}

function pathVariants(rawPath: string): string[] {
  try {
    return [...new Set([rawPath, decodeURIComponent(rawPath)])];
  } catch {
    return [rawPath];
  }
}

/** The base64 digest of a version 1 signature. */
export function signV1(stringToSign: string, secret: string, hash: 'sha1' | 'sha256'): string {
  return createHmac(hash, secret).update(stringToSign, 'utf8').digest('base64');
}

export interface V4Scope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
}

/** Reads `SLS4-HMAC-SHA256 Credential=<id>/<date>/<region>/sls/aliyun_v4_request,Signature=<hex>`. */
export function parseV4Authorization(header: string): (V4Scope & { signature: string }) | undefined {
  const match =
    /^SLS4-HMAC-SHA256 +Credential=([^/,]+)\/(\d{8})\/([^/,]*)\/sls\/aliyun_v4_request, *Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', signature = ''] = match;
  return { accessKeyId, date, region, signature };
}

/** The canonical requests a version 4 signature may stand for, most likely first. */
export function canonicalRequestsV4(parts: SignedParts, contentSha256: string): string[] {
  const names = [...parts.headers.keys()].filter(isSignedByV4).sort();
  const headers = names.map((name) => `${name}:${(parts.headers.get(name) ?? '').trim()}\n`).join('');
  const query = [...new Map(parts.query)]
    .sort(([a], [b]) => compare(a, b))
    .map(([key, value]) => (value === '' ? key : `${key}=${percentEncode(value)}`))
    .join('&');
  return pathVariants(parts.rawPath).map((path) =>
    [parts.method, path, query, headers, names.join(';'), contentSha256].join('\n'),
  );
}

function isSignedByV4(name: string): boolean {
  if (name.startsWith('x-log-meta-')) return false;
  return /^x-(log|acs)-/.test(name) || name === 'host' || name === 'content-type';
}

/** The hex digest of a version 4 signature. */
export function signV4(
  canonicalRequest: string,
  secret: string,
  scope: { date: string; dateTime: string; region: string },
): string {
  const stringToSign = [
    V4_ALGORITHM,
    scope.dateTime,
    `${scope.date}/${scope.region}/sls/aliyun_v4_request`,
    createHash('sha256').update(canonicalRequest, 'utf8').digest('hex'),
  ].join('\n');
  const key = [scope.date, scope.region, 'sls', 'aliyun_v4_request'].reduce<Buffer | string>(
    (chain, part) => createHmac('sha256', chain).update(part).digest(),
    `aliyun_v4${secret}`,
  );
  return createHmac('sha256', key).update(stringToSign, 'utf8').digest('hex');
}

/** RFC 3986: everything but letters, digits and `-._~` is escaped. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Compares two digests in constant time. */
export function equalDigests(given: string, computed: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(computed);
  return a.length === b.length && timingSafeEqual(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
