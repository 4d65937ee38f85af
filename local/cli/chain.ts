import alicloudCredentials from '@alicloud/credentials';
import type { Credentials } from '../../shared/credentials.ts';
import { defaultOf } from '../../shared/openapi/interop.ts';

/**
 * The keys that Alibaba Cloud's own tools would use: environment, OIDC, ~/.aliyun and ~/.alibabacloud, the
 * instance's role. They may be temporary, so they are asked for each time; the package renews them.
 */
export function officialChain(): () => Promise<Credentials> {
  const Credential = defaultOf(alicloudCredentials);
  let client: InstanceType<typeof Credential> | undefined;
  return async () => {
    client ??= new Credential();
    const { accessKeyId, accessKeySecret, securityToken } = await client.getCredential();
    if (!accessKeyId || !accessKeySecret) throw new Error('no Alibaba Cloud credentials were found');
    return securityToken ? { accessKeyId, accessKeySecret, securityToken } : { accessKeyId, accessKeySecret };
  };
}
