import { createRequire } from 'node:module';
import { join } from 'node:path';
import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import type { Credentials } from '../credentials.ts';
import { UpstreamHttpError } from '../errors.ts';
import { defaultOf } from '../openapi/interop.ts';
import {
  createTransport,
  type Endpoint,
  parseEndpoint,
  safeToken,
  type Transport,
} from '../openapi/transport.ts';

const OpenApiUtil = defaultOf(openApiUtil);

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
}

const API_VERSION = '2023-03-30';
const ALGORITHM = 'ACS3-HMAC-SHA256';
const MAX_RESPONSE_BYTES = 1_000_000;
const ASYNC_HEADERS = { 'x-fc-invocation-type': 'Async' } as const;

export type Invoke = (functionName: string, payload: string, signal?: AbortSignal) => Promise<Invoked>;

/** The function throws UpstreamHttpError, UpstreamNetworkError or UpstreamTimeoutError, or the signal's reason. */
export function createInvoker(options: InvokeOptions): Invoke {
  const endpoint = parseEndpoint(
    options.endpoint ?? `${options.accountId}.${options.region}.fc.aliyuncs.com`,
  );
  const { timeoutMs } = options;
  const target: Target = {
    ...options,
    endpoint,
    transport: createTransport(endpoint, { connectTimeoutMs: timeoutMs, readTimeoutMs: timeoutMs }),
  };
  return async (functionName, payload, signal) => {
    signal?.throwIfAborted();
    try {
      return await invokeWithFc2(target, functionName, payload);
    } catch {
      // Absent, or refused: what it says of that is its own; the second way's error is the one that counts.
      return invokeSigned(target, functionName, payload, signal);
    }
  };
}

interface Target extends Omit<InvokeOptions, 'endpoint'> {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
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
    endpoint: `${target.endpoint.protocol}://${target.endpoint.host}`,
    timeout: target.timeoutMs,
  });
  client.version = API_VERSION;
  const response = await client.post(pathOf(functionName), payload, { ...ASYNC_HEADERS }, null);
  return { requestId: response.headers['x-fc-request-id'] ?? '' };
}

/** Found through NODE_PATH, where FC's runtime keeps its preinstalled modules; ES module imports ignore it. */
function loadPreinstalledFc2(): unknown {
  return createRequire(join(process.cwd(), 'index.js'))('@alicloud/fc2');
}

/** The core's generic call, signed by the core and sent by our transport: see there why. */
async function invokeSigned(
  target: Target,
  functionName: string,
  payload: string,
  signal?: AbortSignal,
): Promise<Invoked> {
  const { accessKeyId, accessKeySecret, securityToken } = target.credentials();
  const { endpoint } = target;
  const pathname = `/${API_VERSION}${pathOf(functionName)}`;
  const body = Buffer.from(payload, 'utf8');
  const hash = OpenApiUtil.hash(body, ALGORITHM).toString('hex');
  const headers: Record<string, string> = {
    host: endpoint.host,
    'x-acs-version': API_VERSION,
    'x-acs-action': 'InvokeFunction',
    'x-acs-date': OpenApiUtil.getTimestamp(),
    'x-acs-signature-nonce': OpenApiUtil.getNonce(),
    accept: 'application/json',
    ...ASYNC_HEADERS,
    'content-type': 'application/octet-stream',
    'content-length': String(body.length),
    'x-acs-content-sha256': hash,
  };
  if (securityToken !== undefined) {
    headers['x-acs-accesskey-id'] = accessKeyId;
    headers['x-acs-security-token'] = securityToken;
  }
  // The core's parameter is its whole request; what it reads of it is these four members.
  const request = { method: 'POST', pathname, query: {}, headers } as Parameters<
    typeof OpenApiUtil.getAuthorization
  >[0];
  headers.authorization = OpenApiUtil.getAuthorization(
    request,
    ALGORITHM,
    hash,
    accessKeyId,
    accessKeySecret,
  );
  const response = await target.transport.send({
    name: 'FC InvokeFunction',
    method: 'POST',
    path: pathname,
    headers,
    body,
    maxBytes: MAX_RESPONSE_BYTES,
    signal,
  });
  const requestId = safeToken(response.headers['x-fc-request-id']);
  if (response.status < 200 || response.status > 299) {
    throw new UpstreamHttpError(response.status, codeOf(response.body), requestId);
  }
  return { requestId: requestId ?? '' };
}

/** FC's errors are `{Code, Message, RequestId}`; the message may repeat what was sent, so it stays there. */
function codeOf(body: Buffer): string {
  try {
    const { Code, ErrorCode } = JSON.parse(body.toString('utf8'));
    return safeToken(Code ?? ErrorCode) ?? '';
  } catch {
    return '';
  }
}

function pathOf(functionName: string): string {
  return `/functions/${encodeURIComponent(functionName)}/invocations`;
}
