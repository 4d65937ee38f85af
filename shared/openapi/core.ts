import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { Credentials } from '../credentials.ts';

/**
 * The official packages are CommonJS with an `exports.default`. What a default import of them gives depends on
 * the loader: Node's ES modules give the whole `exports`, a bundler may give `exports.default`.
 */
export function defaultOf<T>(imported: T): T {
  return (imported as { default?: T }).default ?? imported;
}

export const OpenApiUtil = defaultOf(openApiUtil);
export const USER_AGENT = OpenApiUtil.getUserAgent('idv-dropoff');

const ALGORITHM = 'ACS3-HMAC-SHA256';

interface Acs3Request {
  readonly pathname: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The headers of a POST with those that sign it, as @alicloud/openapi-core 1.0.8 makes them in `doRequest`. */
export function signAcs3(
  { pathname, headers: given, body }: Acs3Request,
  { accessKeyId, accessKeySecret, securityToken }: Credentials,
): Record<string, string> {
  const hash = OpenApiUtil.hash(Buffer.from(body), ALGORITHM).toString('hex');
  const headers: Record<string, string> = { ...given, 'x-acs-content-sha256': hash };
  if (securityToken) {
    headers['x-acs-accesskey-id'] = accessKeyId;
    headers['x-acs-security-token'] = securityToken;
  }
  // The core's parameter is its whole request, of which it reads these four members.
  const request = { method: 'POST', pathname, query: {}, headers } as Parameters<
    typeof OpenApiUtil.getAuthorization
  >[0];
  headers['Authorization'] = OpenApiUtil.getAuthorization(
    request,
    ALGORITHM,
    hash,
    accessKeyId,
    accessKeySecret,
  );
  return headers;
}
