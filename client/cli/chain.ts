import alicloudCredentials from '@alicloud/credentials';
import type { Credentials } from '../../shared/credentials.ts';
import { defaultOf } from '../../shared/openapi/interop.ts';

/** No key was found. What each place of the chain said, most of it about places nobody uses, is the cause. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';

  constructor(cause: unknown) {
    super(
      'no usable Alibaba Cloud credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, ' +
        'or run `aliyun configure`',
      { cause },
    );
  }
}

/**
 * The keys that Alibaba Cloud's own tools would use: environment, OIDC, ~/.aliyun and ~/.alibabacloud, the
 * instance's role. They may be temporary, so they are asked for each time; the package renews them.
 */
export function officialChain(): () => Promise<Credentials> {
  const Credential = defaultOf(alicloudCredentials);
  let client: InstanceType<typeof Credential> | undefined;
  return async () => {
    client ??= new Credential();
    const { accessKeyId, accessKeySecret, securityToken } = await client.getCredential().catch((cause) => {
      throw new CredentialsError(cause);
    });
    if (!accessKeyId || !accessKeySecret) throw new CredentialsError(undefined);
    return securityToken ? { accessKeyId, accessKeySecret, securityToken } : { accessKeyId, accessKeySecret };
  };
}
