import * as core from '@alicloud/openapi-core';
import type { Credentials } from '../shared/credentials.ts';
import { defaultOf } from '../shared/openapi/core.ts';
import { parseEndpoint } from '../shared/openapi/transport.ts';

/**
 * Checks the function role before anything is created: a function whose role is missing deploys, or is refused with an
 * unclear message, and then cannot write a row.
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-getrole (read 2026-11-23)
 */
interface RoleCheck {
  /** Name, or acs:ram::<account>:role/<name>. */
  readonly role: string;
  readonly credentials: Credentials;
  /** Host of RAM, with `http://` where it is not https. */
  readonly endpoint?: string | undefined;
}

type RoleState =
  | { readonly state: 'usable' }
  | { readonly state: 'bad'; readonly why: string }
  /** The deploying user lacks the rights to find out. */
  | { readonly state: 'unknown'; readonly why: string };

const RAM_ENDPOINT = 'ram.aliyuncs.com';
const TIMEOUT_MS = 10_000;
/** Function Compute, which has to be allowed to assume the role. */
const TRUSTED = 'fc.aliyuncs.com';

const OpenApiClient = defaultOf(core.default);
const { $OpenApiUtil } = core;

interface RoleResponse {
  readonly body?: { readonly Role?: { readonly AssumeRolePolicyDocument?: string } };
}

export async function checkRole({
  role,
  credentials,
  endpoint = RAM_ENDPOINT,
}: RoleCheck): Promise<RoleState> {
  const name = role.split('/').at(-1) ?? '';
  if (name === '') return { state: 'bad', why: 'no role is given' };
  try {
    const { body } = await getRole(name, credentials, endpoint);
    const trust = body?.Role?.AssumeRolePolicyDocument ?? '';
    if (trust.includes(TRUSTED)) return { state: 'usable' };
    return { state: 'bad', why: `the trust policy of role ${name} does not let ${TRUSTED} take it` };
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'EntityNotExist.Role') return { state: 'bad', why: `there is no role ${name}` };
    return { state: 'unknown', why: code === '' ? 'RAM was not reached' : `RAM answered ${code}` };
  }
}

async function getRole(name: string, credentials: Credentials, endpoint: string): Promise<RoleResponse> {
  const { host, protocol } = parseEndpoint(endpoint);
  const client = new OpenApiClient(
    new $OpenApiUtil.Config({
      ...credentials,
      endpoint: host,
      protocol,
      connectTimeout: TIMEOUT_MS,
      readTimeout: TIMEOUT_MS,
    }),
  );
  const params = new $OpenApiUtil.Params({
    action: 'GetRole',
    version: '2015-05-01',
    protocol: protocol.toUpperCase(),
    pathname: '/',
    method: 'POST',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'json',
  });
  const request = new $OpenApiUtil.OpenApiRequest({ query: { RoleName: name } });
  const runtime = {} as Parameters<typeof client.callApi>[2];
  return (await client.callApi(params, request, runtime)) as RoleResponse;
}
