import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CredentialStore, LocalCredential } from '../sls/src/host.ts';
import { Refused, splitTarget } from './listen.ts';

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

type Problem = 'missing' | 'malformed' | 'unknown-key' | 'mismatch' | 'skew' | 'nonce' | 'token' | 'expired';

/** Status and code by which a service refuses each problem. */
export type Acs3Refusals = Readonly<Record<Problem, readonly [status: number, code: string]>>;

interface Acs3Options {
  readonly credentials: CredentialStore;
  readonly nowMs: number;
  readonly refusals: Acs3Refusals;
  /** Nonces already seen; a repeated one is refused. Without it, nonces are not checked. */
  readonly nonces?: NonceMemory;
}

const ALGORITHM = 'ACS3-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60_000;
const MUST_BE_SIGNED = /^(host|content-type|x-acs-.*)$/;
const sha256Hex = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

/** Remembers nonces for as long as a request with one of them could be accepted. */
export class NonceMemory {
  readonly #seenAtMs = new Map<string, number>();

  /** Returns false if the nonce was used before. */
  use(nonce: string, nowMs: number): boolean {
    // Insertion order is time order: the oldest come first.
    for (const [old, atMs] of this.#seenAtMs) {
      if (nowMs - atMs <= 2 * MAX_SKEW_MS) break;
      this.#seenAtMs.delete(old);
    }
    if (this.#seenAtMs.has(nonce)) return false;
    this.#seenAtMs.set(nonce, nowMs);
    return true;
  }
}

/** Returns whose signature it is. @throws Refused */
export function verifyAcs3(request: SignedRequest, options: Acs3Options): LocalCredential {
  const refused = (problem: Problem, detail: string) => new Refused(...options.refusals[problem], detail);
  const parts = parseAuthorization(one(request.headers.authorization));
  if (parts === undefined) throw refused('missing', `an ${ALGORITHM} Authorization header is needed`);
  const caller = options.credentials.find(parts.credential);
  if (caller === undefined) throw refused('unknown-key', 'the access key id is not known');

  const unsigned = Object.keys(request.headers).filter(
    (name) => MUST_BE_SIGNED.test(name) && !parts.signedHeaders.includes(name),
  );
  if (unsigned.length > 0) throw refused('malformed', `not signed: ${unsigned.join(', ')}`);
  const payload = one(request.headers['x-acs-content-sha256']);
  if (payload !== sha256Hex(request.body)) {
    throw refused('mismatch', 'x-acs-content-sha256 is not the hash of the body');
  }
  const expected = signatureOf({ request, payload, signedHeaders: parts.signedHeaders, caller });
  if (!sameText(expected, parts.signature)) {
    throw refused('mismatch', 'the signature does not match the one calculated here');
  }

  const date = one(request.headers['x-acs-date']);
  const dateMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(dateMs)) throw refused('malformed', 'x-acs-date must be like 2026-01-31T23:59:59Z');
  if (Math.abs(options.nowMs - dateMs) > MAX_SKEW_MS) {
    throw refused('skew', 'x-acs-date is more than 15 minutes away from now');
  }
  const token = one(request.headers['x-acs-security-token']);
  if (token !== (caller.securityToken ?? '')) {
    throw refused('token', 'the security token is missing or does not belong to the access key');
  }
  if (caller.expiresAtMs !== undefined && options.nowMs >= caller.expiresAtMs) {
    throw refused('expired', 'the security token has expired');
  }
  if (options.nonces !== undefined) {
    const nonce = one(request.headers['x-acs-signature-nonce']);
    if (nonce === '') throw refused('malformed', 'x-acs-signature-nonce is missing');
    if (!options.nonces.use(`${caller.accessKeyId}:${nonce}`, options.nowMs)) {
      throw refused('nonce', 'x-acs-signature-nonce was used before');
    }
  }
  return caller;
}

function parseAuthorization(header: string) {
  const match = new RegExp(
    `^${ALGORITHM}\\s+Credential=([^,\\s]+),\\s*SignedHeaders=([^,\\s]+),\\s*Signature=([0-9a-f]{64})$`,
  ).exec(header);
  if (match === null) return undefined;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return { credential, signedHeaders: signedHeaders.split(';'), signature };
}

interface SignatureParts {
  readonly request: SignedRequest;
  readonly payload: string;
  readonly signedHeaders: readonly string[];
  readonly caller: LocalCredential;
}

function signatureOf({ request, payload, signedHeaders, caller }: SignatureParts): string {
  const [path, query] = splitTarget(request.target);
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

/** Takes the same time wherever the texts differ. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
