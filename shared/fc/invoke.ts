import { createRequire } from 'node:module';
import type { Credentials } from '../credentials.ts';
import { ServiceError, UpstreamContractError, UpstreamHttpError, UpstreamNetworkError } from '../errors.ts';

/**
 * Starts a function and does not wait for it (InvokeFunction, `x-fc-invocation-type: Async`).
 *
 * Two ways, in this order. `@alicloud/fc2` is preinstalled in FC's Node.js runtime, so it costs the bundle
 * nothing; that FC 3.0 takes its signature on this path is not documented. Whatever it fails with, the same
 * call then goes out as the official FC 3.0 SDK sends it. Should both have been accepted, two runs start: the
 * caller of this must be something that bears that.
 */
export interface InvokeOptions {
  readonly accountId: string;
  readonly region: string;
  /** Host of the invocation API, with a scheme when it is not https. Default: the account's own host. */
  readonly endpoint?: string | undefined;
  readonly timeoutMs: number;
  readonly credentials: () => Credentials;
  /** Gives the module `@alicloud/fc2`; throws when there is none. */
  readonly loadFc2?: () => unknown;
}

export interface Invoked {
  /** The invocation's request id, by which its logs are found; '' if the service named none. */
  readonly requestId: string;
  readonly via: 'fc2' | 'openapi';
}

const API_VERSION = '2023-03-30';
const ASYNC_HEADERS = { 'x-fc-invocation-type': 'Async' } as const;

/** @throws UpstreamHttpError, UpstreamNetworkError, UpstreamContractError */
export function createInvoker(
  options: InvokeOptions,
): (functionName: string, payload: string) => Promise<Invoked> {
  const { host, protocol } = splitEndpoint(
    options.endpoint ?? `${options.accountId}.${options.region}.fc.aliyuncs.com`,
  );
  const target: Target = { ...options, host, protocol };
  return async (functionName, payload) => {
    let first: unknown;
    try {
      return await invokeWithFc2(target, functionName, payload);
    } catch (error) {
      first = error;
    }
    try {
      return await invokeWithCore(target, functionName, payload);
    } catch (error) {
      throw toServiceError(error, first);
    }
  };
}

type CallRuntime = Parameters<import('@alicloud/openapi-core').default['callApi']>[2];

interface Target extends InvokeOptions {
  readonly host: string;
  readonly protocol: 'http' | 'https';
}

interface Fc2Client {
  version: string;
  post(
    path: string,
    body: string,
    headers: Record<string, string>,
    queries: null,
  ): Promise<{ headers: Record<string, string | undefined> }>;
}
type Fc2Constructor = new (accountId: string, config: Record<string, unknown>) => Fc2Client;

async function invokeWithFc2(target: Target, functionName: string, payload: string): Promise<Invoked> {
  const { accessKeyId, accessKeySecret, securityToken } = target.credentials();
  // fc2 sends a security token only for ids that begin like this; without its token a temporary key is refused.
  if (securityToken !== undefined && !accessKeyId.startsWith('STS'))
    throw new Error('fc2 would not send the token');
  const Fc2 = (target.loadFc2 ?? loadPreinstalledFc2)() as Fc2Constructor;
  const client = new Fc2(target.accountId, {
    accessKeyID: accessKeyId,
    accessKeySecret,
    securityToken,
    region: target.region,
    endpoint: `${target.protocol}://${target.host}`,
    timeout: target.timeoutMs,
  });
  client.version = API_VERSION;
  const answer = await client.post(pathOf(functionName), payload, { ...ASYNC_HEADERS }, null);
  return { requestId: answer.headers['x-fc-request-id'] ?? '', via: 'fc2' };
}

/** Found through NODE_PATH, where FC's runtime keeps its preinstalled modules; ES module imports ignore it. */
function loadPreinstalledFc2(): unknown {
  return createRequire(`${process.cwd()}/`)('@alicloud/fc2');
}

async function invokeWithCore(target: Target, functionName: string, payload: string): Promise<Invoked> {
  const core = await import('@alicloud/openapi-core');
  const { Config, OpenApiRequest, Params } = core.$OpenApiUtil;
  // A CommonJS package seen from an ES module: its default export is one level down.
  const Client = (core.default as unknown as { default: typeof core.default }).default;
  const client = new Client(
    new Config({
      ...target.credentials(),
      endpoint: target.host,
      protocol: target.protocol,
      regionId: target.region,
      connectTimeout: target.timeoutMs,
      readTimeout: target.timeoutMs,
    }),
  );
  const answer = await client.callApi(
    new Params({
      action: 'InvokeFunction',
      version: API_VERSION,
      protocol: 'HTTPS',
      pathname: `/${API_VERSION}${pathOf(functionName)}`,
      method: 'POST',
      authType: 'AK',
      style: 'ROA',
      reqBodyType: 'byte',
      bodyType: 'string',
    }),
    new OpenApiRequest({
      body: Buffer.from(payload, 'utf8'),
      headers: {
        ...ASYNC_HEADERS,
        'content-type': 'application/octet-stream',
        'content-length': String(Buffer.byteLength(payload)),
      },
    }),
    {} as CallRuntime,
  );
  const headers = answer['headers'];
  const requestId = typeof headers === 'object' && headers !== null ? headers['x-fc-request-id'] : undefined;
  return { requestId: typeof requestId === 'string' ? requestId : '', via: 'openapi' };
}

function pathOf(functionName: string): string {
  return `/functions/${encodeURIComponent(functionName)}/invocations`;
}

function splitEndpoint(endpoint: string): { host: string; protocol: 'http' | 'https' } {
  const [, scheme, host = ''] = /^(?:(https?):\/\/)?(.*)$/.exec(endpoint) ?? [];
  return { host, protocol: scheme === 'http' ? 'http' : 'https' };
}

function toServiceError(error: unknown, cause: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { statusCode, code, requestId } = error as {
    statusCode?: unknown;
    code?: unknown;
    requestId?: unknown;
  };
  if (typeof statusCode === 'number' && statusCode >= 400) {
    return new UpstreamHttpError(
      statusCode,
      typeof code === 'string' ? code : '',
      typeof requestId === 'string' ? requestId : undefined,
      { cause },
    );
  }
  if (error instanceof SyntaxError)
    return new UpstreamContractError('FC answered something that is not JSON', { cause: error });
  return new UpstreamNetworkError('FC could not be reached', { cause: error });
}
