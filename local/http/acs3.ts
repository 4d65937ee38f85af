import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CredentialStore, LocalCredential } from '../sls/src/host.ts';

/**
 * Checks an ACS3-HMAC-SHA256 signature (the OpenAPI gateway's "V3 signature") from what came over the wire.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature (read 2026-11-23)
 */
export interface SignedRequest {
  readonly method: string;
  /** As on the wire, with the query. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export type Acs3Refusal =
  | 'missing'
  | 'malformed'
  | 'unknown-key'
  | 'mismatch'
  | 'skew'
  | 'nonce'
  | 'token'
  | 'expired';

type Acs3Result =
  | { readonly ok: true; readonly caller: LocalCredential }
  | { readonly ok: false; readonly refusal: Acs3Refusal; readonly detail: string };

interface Acs3Options {
  readonly credentials: CredentialStore;
  readonly nowMs: number;
  /** Nonces already seen; a repeated one is refused. Left out: nonces are not checked. */
  readonly nonces?: NonceMemory;
}

const ALGORITHM = 'ACS3-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60_000;
const sha256Hex = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

/** Remembers nonces for as long as a request with one of them could be accepted. */
export class NonceMemory {
  readonly #seenAtMs = new Map<string, number>();

  /** False if the nonce was used before. */
  use(nonce: string, nowMs: number): boolean {
    // Insertion order is time order, so the old ones stand first.
    for (const [old, atMs] of this.#seenAtMs) {
      if (nowMs - atMs <= 2 * MAX_SKEW_MS) break;
      this.#seenAtMs.delete(old);
    }
    if (this.#seenAtMs.has(nonce)) return false;
    this.#seenAtMs.set(nonce, nowMs);
    return true;
  }
}

export function verifyAcs3(request: SignedRequest, options: Acs3Options): Acs3Result {
  const parts = parseAuthorization(one(request.headers.authorization));
  if (parts === undefined) return refuse('missing', `an ${ALGORITHM} Authorization header is needed`);
  const caller = options.credentials.find(parts.credential);
  if (caller === undefined) return refuse('unknown-key', 'the access key id is not known');

  const required = requiredHeaders(request.headers);
  const unsigned = required.filter((name) => !parts.signedHeaders.includes(name));
  if (unsigned.length > 0) return refuse('malformed', `not signed: ${unsigned.join(', ')}`);
  const payload = one(request.headers['x-acs-content-sha256']);
  if (payload !== sha256Hex(request.body)) {
    return refuse('mismatch', 'x-acs-content-sha256 is not the hash of the body');
  }
  const expected = signatureOf({ request, payload, signedHeaders: parts.signedHeaders, caller });
  if (!sameText(expected, parts.signature)) {
    return refuse('mismatch', 'the signature does not match the one calculated here');
  }
  return checkFreshness(request, caller, options);
}

function checkFreshness(request: SignedRequest, caller: LocalCredential, options: Acs3Options): Acs3Result {
  const date = one(request.headers['x-acs-date']);
  const dateMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(dateMs)) return refuse('malformed', 'x-acs-date must be like 2026-01-31T23:59:59Z');
  if (Math.abs(options.nowMs - dateMs) > MAX_SKEW_MS) {
    return refuse('skew', 'x-acs-date is more than 15 minutes away from now');
  }
  const token = one(request.headers['x-acs-security-token']);
  if (token !== (caller.securityToken ?? '')) {
    return refuse('token', 'the security token is missing or does not belong to the access key');
  }
  if (caller.expiresAtMs !== undefined && options.nowMs >= caller.expiresAtMs) {
    return refuse('expired', 'the security token has expired');
  }
  if (options.nonces !== undefined) {
    const nonce = one(request.headers['x-acs-signature-nonce']);
    if (nonce === '') return refuse('malformed', 'x-acs-signature-nonce is missing');
    if (!options.nonces.use(`${caller.accessKeyId}:${nonce}`, options.nowMs)) {
      return refuse('nonce', 'x-acs-signature-nonce was used before');
    }
  }
  return { ok: true, caller };
}

function parseAuthorization(header: string) {
  const match = new RegExp(
    `^${ALGORITHM}\\s+Credential=([^,\\s]+),\\s*SignedHeaders=([^,\\s]+),\\s*Signature=([0-9a-f]{64})$`,
  ).exec(header);
  if (match === null) return undefined;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return { credential, signedHeaders: signedHeaders.split(';'), signature };
}

/** host, content-type and every x-acs- header must be under the signature. */
function requiredHeaders(headers: SignedRequest['headers']): string[] {
  return Object.keys(headers).filter(
    (name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'),
  );
}

interface SignatureParts {
  readonly request: SignedRequest;
  readonly payload: string;
  readonly signedHeaders: readonly string[];
  readonly caller: LocalCredential;
}

function signatureOf({ request, payload, signedHeaders, caller }: SignatureParts): string {
  const mark = request.target.indexOf('?');
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const query = mark < 0 ? '' : request.target.slice(mark + 1);
  const canonicalHeaders = [...signedHeaders]
    .sort()
    .map((name) => `${name}:${one(request.headers[name]).trim()}\n`)
    .join('');
  const canonical = [
    request.method,
    path === '' ? '/' : path,
    canonicalQuery(query),
    canonicalHeaders,
    signedHeaders.join(';'),
    payload,
  ].join('\n');
  return createHmac('sha256', caller.accessKeySecret)
    .update(`${ALGORITHM}\n${sha256Hex(canonical)}`)
    .digest('hex');
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => [name, `${percentEncode(name)}=${percentEncode(value)}`] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, pair]) => pair)
    .join('&');
}

/** RFC 3986: only letters, digits and -_.~ stay. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function one(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** In a time that does not depend on where they differ. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function refuse(refusal: Acs3Refusal, detail: string): Acs3Result {
  return { ok: false, refusal, detail };
}
