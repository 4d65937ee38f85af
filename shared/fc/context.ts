import type { Credentials } from '../credentials.ts';

/**
 * What Function Compute hands to a Node.js handler besides the event.
 * https://www.alibabacloud.com/help/zh/fc/context-3 (read 2026-11-23). `credentials` is `{}` without a role.
 */
export interface FcContext {
  requestId: string;
  credentials?: { accessKeyId?: string; accessKeySecret?: string; securityToken?: string };
  function?: { name?: string; handler?: string; memory?: number; timeout?: number };
  service?: { logProject?: string; logStore?: string; qualifier?: string; versionId?: string };
  region?: string;
  accountId?: string;
  retryCount?: number;
}

/**
 * The function role's keys: the context's, which are fresh for every invocation, else the environment's, which
 * are as old as the instance.
 */
export function credentialsOf(
  context: FcContext,
  environment: {
    accessKeyId?: string | undefined;
    accessKeySecret?: string | undefined;
    securityToken?: string | undefined;
  },
): Credentials | undefined {
  for (const { accessKeyId, accessKeySecret, securityToken } of [context.credentials ?? {}, environment]) {
    if (accessKeyId && accessKeySecret) {
      return securityToken
        ? { accessKeyId, accessKeySecret, securityToken }
        : { accessKeyId, accessKeySecret };
    }
  }
  return undefined;
}
