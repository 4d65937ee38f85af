import type { Credentials, CredentialsProvider } from '../credentials.ts';
import { SlsError, UpstreamContractError } from '../errors.ts';
import { parseEndpoint } from '../openapi/endpoint.ts';
import { safeMessage, safeToken } from '../openapi/text.ts';
import { createTransport, type IncomingAnswer, type TransportOptions } from '../openapi/transport.ts';
import { decompress } from './compression.ts';
import { type SlsCall, signSls } from './signer.ts';
import type { CallOptions } from './types.ts';

/** Far above the 10 MB that one PutLogs may carry: a pull of a single group always fits. */
const DEFAULT_MAX_ANSWER_BYTES = 32_000_000;

export interface SlsCallerOptions extends TransportOptions {
  /** Host of the region, without the project, with `http://` or `https://` or neither (https). */
  readonly endpoint: string;
  readonly project: string;
  readonly credentials: CredentialsProvider;
  /** Bound of one answer, compressed and decompressed. */
  readonly maxAnswerBytes?: number;
}

export interface SlsAnswer {
  readonly headers: IncomingAnswer['headers'];
  /** Decompressed. */
  readonly body: Buffer;
}

/** Signs and sends one call of one project. @throws as `SlsDataPlane` says. */
export type SlsCaller = (call: SlsCall, options?: CallOptions) => Promise<SlsAnswer>;

export function createSlsCaller(options: SlsCallerOptions): SlsCaller {
  const { project, credentials: provide, maxAnswerBytes: maxBytes = DEFAULT_MAX_ANSWER_BYTES } = options;
  const endpoint = parseEndpoint(options.endpoint);
  const target = { endpoint, project };
  const transport = createTransport(endpoint, options);

  return async (call, { signal } = {}) => {
    signal?.throwIfAborted();
    const credentials = await provide();
    const signed = await signSls(call, target, credentials);
    const answer = await transport.send({ method: call.method, maxBytes, signal, ...signed });
    if (answer.status < 200 || answer.status > 299) throw refusal(answer, credentials);
    const body = await decompress({
      body: answer.body,
      type: one(answer.headers['x-log-compresstype']),
      rawSize: size(one(answer.headers['x-log-bodyrawsize'])),
      maxBytes,
    });
    return { headers: answer.headers, body };
  };
}

/** @throws UpstreamContractError when the body is not JSON. */
export function jsonOf({ body }: SlsAnswer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new UpstreamContractError('the answer is not JSON');
  }
}

/** A header's value, if it is there once. */
export function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function size(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function refusal({ status, headers, body }: IncomingAnswer, credentials: Credentials): Error {
  if (status < 400) return new UpstreamContractError(`SLS answered ${status}, which is no answer`);
  const { errorCode, errorMessage } = errorBody(body);
  return new SlsError(
    status,
    safeToken(errorCode) ?? `HTTP_${status}`,
    safeMessage(errorMessage, credentials),
    safeToken(headers['x-log-requestid']),
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
