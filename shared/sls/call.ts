import type { Credentials, CredentialsProvider } from '../credentials.ts';
import { SlsError, UpstreamContractError } from '../errors.ts';
import {
  createTransport,
  type IncomingResponse,
  parseEndpoint,
  safeMessage,
  safeToken,
  type TransportOptions,
} from '../openapi/transport.ts';
import { decompress } from './codec.ts';
import { type SlsCall, signSls } from './signer.ts';
import type { CallOptions } from './types.ts';

/** Far above the 10 MB that one PutLogs may carry: a pull of a single group always fits. */
const DEFAULT_MAX_RESPONSE_BYTES = 32_000_000;

export interface SlsCallerOptions extends TransportOptions {
  /** Host of the region, without the project, with `http://` or `https://` or neither (https). */
  readonly endpoint: string;
  readonly project: string;
  readonly credentials: CredentialsProvider;
  /** The maximum size of one response, compressed and decompressed. */
  readonly maxResponseBytes?: number;
}

export interface SlsResponse {
  /** For error messages: "SLS PullLogs on idv-pending/0". */
  readonly name: string;
  readonly headers: IncomingResponse['headers'];
  /** Decompressed. */
  readonly body: Buffer;
}

/** Signs and sends one call of one project. @throws the errors of `SlsDataPlane` */
export type SlsCaller = (call: SlsCall, options?: CallOptions) => Promise<SlsResponse>;

export function createSlsCaller(options: SlsCallerOptions): SlsCaller {
  const { project, credentials: provide, maxResponseBytes: maxBytes = DEFAULT_MAX_RESPONSE_BYTES } = options;
  const endpoint = parseEndpoint(options.endpoint);
  const target = { endpoint, project };
  const transport = createTransport(endpoint, options);

  return async (call, { signal } = {}) => {
    signal?.throwIfAborted();
    const credentials = await provide();
    const signed = await signSls(call, target, credentials);
    const name = nameOf(call);
    const { status, headers, body } = await transport.send({
      name,
      method: call.method,
      maxBytes,
      signal,
      ...signed,
    });
    if (status < 200 || status > 299) throw refusal({ name, headers, body }, status, credentials);
    const raw = await decompress({
      name,
      body,
      type: one(headers['x-log-compresstype']),
      rawSize: size(one(headers['x-log-bodyrawsize'])),
      maxBytes,
    });
    return { name, headers, body: raw };
  };
}

/** The action, and on which logstore and shard. */
function nameOf({ action, path }: SlsCall): string {
  const [, logstore, shard] = /^\/logstores\/([^/?]+)(?:\/shards\/(\d+))?/.exec(path) ?? [];
  if (logstore === undefined) return `SLS ${action}`;
  return `SLS ${action} on ${decodeURIComponent(logstore)}${shard === undefined ? '' : `/${shard}`}`;
}

/** @throws UpstreamContractError when the body is not JSON. */
export function jsonOf({ name, body }: SlsResponse): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new UpstreamContractError(`${name}: expected JSON`);
  }
}

/** A header's value, unless it is missing or repeated. */
export function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function size(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function refusal({ name, headers, body }: SlsResponse, status: number, credentials: Credentials): Error {
  if (status < 400) return new UpstreamContractError(`${name} returned ${status}`);
  const { errorCode, errorMessage } = errorBody(body);
  return new SlsError(
    status,
    safeToken(errorCode) ?? `HTTP_${status}`,
    safeMessage(errorMessage, credentials),
    { call: name, requestId: safeToken(headers['x-log-requestid']) },
  );
}

function errorBody(body: Buffer): { errorCode?: unknown; errorMessage?: unknown } {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
