import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { Credentials } from '../../shared/credentials.ts';
import { defaultOf } from '../../shared/openapi/interop.ts';

const OpenApiUtil = defaultOf(openApiUtil);

/**
 * The headers that open a trigger with `authType: function`, made by the official signer as Alibaba Cloud's own
 * example does: only x-acs-* headers are signed, and the body is not (an empty payload argument).
 * https://help.aliyun.com/en/functioncompute/fc/user-guide/configure-signature-authentication-for-http-triggers
 * (read 2026-11-23)
 */
export function signTriggerRequest(
  method: string,
  url: URL,
  credentials: Credentials,
): Record<string, string> {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const headers: Record<string, string> = {
    'x-acs-date': OpenApiUtil.getTimestamp(),
    ...(securityToken === undefined ? {} : { 'x-acs-security-token': securityToken }),
  };
  // The signer's parameter is the core's whole request; what it reads of it is these four members.
  const request = {
    method,
    pathname: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
  } as Parameters<typeof OpenApiUtil.getAuthorization>[0];
  const authorization = OpenApiUtil.getAuthorization(
    request,
    'ACS3-HMAC-SHA256',
    '',
    accessKeyId,
    accessKeySecret,
  );
  return { ...headers, authorization };
}
