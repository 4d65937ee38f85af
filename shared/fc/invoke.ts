import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Credentials } from '../credentials.ts';
import { UpstreamHttpError } from '../errors.ts';
import { OpenApiUtil, signAcs3 } from '../openapi/core.ts';
import {
  createTransport,
  type Endpoint,
  parseEndpoint,
  safeToken,
  type Transport,
} from '../openapi/transport.ts';

/**
 * Starts a function and does not wait for it (InvokeFunction, `x-fc-invocation-type: Async`).
 *
 * Two ways, in this order. `@alicloud/fc2` is preinstalled in FC's Node.js runtime, so it costs the bundle
 * nothing; that FC 3.0 takes its signature on this path is not documented. If it fails, whatever the error, the same
 * call is made as the official FC 3.0 SDK makes it. Should both be accepted, the function runs twice: it must
 * tolerate that.
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
const MAX_RESPONSE_BYTES = 1_000_000;
const ASYNC_HEADERS = { 'x-fc-invocation-type': 'Async' } as const;

type Invoke = (functionName: string, payload: string, signal?: AbortSignal) => Promise<Invoked>;

/** What it returns throws UpstreamHttpError, UpstreamNetworkError, UpstreamTimeoutError or the signal's reason. */
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
      // The module is absent, or its call was refused. If the second way fails too, its error is the clearer one.
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
  // fc2 sends the security token only with ids that begin with STS; without it a temporary key is refused.
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

/** The core's generic call, signed by the core, sent by our transport (which says why). */
async function invokeSigned(
  target: Target,
  functionName: string,
  payload: string,
  signal?: AbortSignal,
): Promise<Invoked> {
  const pathname = `/${API_VERSION}${pathOf(functionName)}`;
  const body = Buffer.from(payload, 'utf8');
  const headers = {
    host: target.endpoint.host,
    'x-acs-version': API_VERSION,
    'x-acs-action': 'InvokeFunction',
    'x-acs-date': OpenApiUtil.getTimestamp(),
    'x-acs-signature-nonce': OpenApiUtil.getNonce(),
    accept: 'application/json',
    ...ASYNC_HEADERS,
    'content-type': 'application/octet-stream',
    'content-length': String(body.length),
  };
  const response = await target.transport.send({
    name: 'FC InvokeFunction',
    method: 'POST',
    path: pathname,
    headers: signAcs3({ pathname, headers, body }, target.credentials()),
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

/** FC's errors are `{Code, Message, RequestId}`; the message may repeat what was sent, so it is not kept. */
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
