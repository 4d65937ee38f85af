import { randomUUID } from 'node:crypto';
import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { Credentials } from '../credentials.ts';
import { defaultOf } from '../openapi/interop.ts';

/**
 * One RPC call as the official core's generic call sends it (`doRequest` of @alicloud/openapi-core 1.0.8): the
 * same headers in the same order, with form encoding, hash and ACS3-HMAC-SHA256 signature by that core. A test sends
 * both and compares.
 */
const OpenApiUtil = defaultOf(openApiUtil);

const ALGORITHM = 'ACS3-HMAC-SHA256';
const USER_AGENT = OpenApiUtil.getUserAgent('idv-dropoff');

export interface RpcCall {
  readonly host: string;
  readonly action: string;
  readonly version: string;
  readonly form: Readonly<Record<string, string>>;
}

export interface SignedCall {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Signs with the core's own clock: a request is good for 15 minutes. */
export function signRpc({ host, action, version, form }: RpcCall, credentials: Credentials): SignedCall {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const body = OpenApiUtil.toForm(form);
  const payload = OpenApiUtil.hash(Buffer.from(body), ALGORITHM).toString('hex');
  const headers: Record<string, string> = {
    host,
    'x-acs-version': version,
    'x-acs-action': action,
    'user-agent': USER_AGENT,
    'x-acs-date': OpenApiUtil.getTimestamp(),
    // The core's own is drawn from 10^12 and asks the system for the host's name each time.
    'x-acs-signature-nonce': randomUUID().replaceAll('-', ''),
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'x-acs-content-sha256': payload,
  };
  if (securityToken) {
    headers['x-acs-accesskey-id'] = accessKeyId;
    headers['x-acs-security-token'] = securityToken;
  }
  // The core's parameter is its whole request; what it reads of it is these four members.
  const request = { method: 'POST', pathname: '/', query: {}, headers } as Parameters<
    typeof OpenApiUtil.getAuthorization
  >[0];
  headers['Authorization'] = OpenApiUtil.getAuthorization(
    request,
    ALGORITHM,
    payload,
    accessKeyId,
    accessKeySecret,
  );
  return { headers, body };
}
