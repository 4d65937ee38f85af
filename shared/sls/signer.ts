import { stringify } from 'node:querystring';
import slsGateway from '@alicloud/gateway-sls';
import * as spi from '@alicloud/gateway-spi';
import type { Credentials } from '../credentials.ts';
import { defaultOf, USER_AGENT } from '../openapi/core.ts';
import type { Endpoint } from '../openapi/transport.ts';

/**
 * Requests are made and signed (`LOG`, hmac-sha256) by the official gateway, called the way the generic
 * `execute` of @alicloud/openapi-core 1.0.8 calls it, with bodies already encoded and compressed by us.
 */
const Gateway = defaultOf(slsGateway);
const gateway = new Gateway();
const NO_ATTRIBUTES = new spi.AttributeMap({});

export interface SlsCall {
  /** The API's own name: PutLogs, PullLogs ... */
  readonly action: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

interface SignedSlsCall {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
}

interface SlsTarget {
  readonly endpoint: Endpoint;
  readonly project: string;
}

/** An IP address has no subdomain for the project, so the project is then named in a header, which is signed. */
export async function signSls(
  call: SlsCall,
  { endpoint, project }: SlsTarget,
  credentials: Credentials,
): Promise<SignedSlsCall> {
  const body = bytesOf(call.body);
  const request = new spi.InterceptorContextRequest({
    headers: {
      ...(endpoint.isAddress ? { 'x-log-project': project } : {}),
      ...(body !== undefined && !(call.body instanceof Uint8Array)
        ? { 'content-type': 'application/json' }
        : {}),
      ...call.headers,
    },
    query: { ...call.query },
    body,
    ...(endpoint.isAddress ? {} : { hostMap: { project } }),
    pathname: call.path,
    productId: 'Sls',
    action: call.action,
    version: '2020-12-30',
    protocol: endpoint.protocol,
    method: call.method,
    authType: 'AK',
    bodyType: 'byte',
    reqBodyType: 'binary',
    style: 'ROA',
    credential: { getCredential: async () => credentials },
    userAgent: USER_AGENT,
  });
  const context = new spi.InterceptorContext({
    request,
    configuration: new spi.InterceptorContextConfiguration({ regionId: '', endpoint: endpoint.host }),
  });
  await gateway.modifyRequest(context, NO_ATTRIBUTES);
  const { headers, pathname, query } = context.request;
  const search = stringify(query);
  return {
    path: search === '' ? pathname : `${pathname}?${search}`,
    headers: headers ?? {},
    ...(body === undefined ? {} : { body }),
  };
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return body instanceof Uint8Array
    ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    : Buffer.from(JSON.stringify(body));
}
