import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Target } from './target.ts';

/**
 * Signed requests as an SDK sends them, with every header in the test's hands. The signing is written from the
 * SDKs' sources and shares nothing with the server.
 */
export interface RawCall {
  method?: string;
  /** undefined: none. */
  project?: string;
  path: string;
  query?: Record<string, string>;
  /** An empty `x-log-bodyrawsize` leaves the header out. */
  headers?: Record<string, string>;
  body?: Buffer | string;
  /** v4 and hmac-sha256 are what the TypeScript gateway uses, hmac-sha1 all others. */
  signature?: 'hmac-sha1' | 'hmac-sha256' | 'v4' | 'none';
  credentials?: { accessKeyId: string; accessKeySecret: string; securityToken?: string };
  /** Changes headers after signing. */
  tamper?: (headers: Record<string, string>) => unknown;
  /** host: `<project>.<endpoint>` (default); header: `x-log-project`; proxy: absolute-form. */
  addressing?: 'host' | 'header' | 'proxy';
}

export interface RawAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export function createRawClient(target: Target): (call: RawCall) => Promise<RawAnswer> {
  return (call) => send(target, call);
}

async function send(target: Target, call: RawCall): Promise<RawAnswer> {
  const body = Buffer.from(call.body ?? '');
  const headers = signedHeaders(target, call, body);
  call.tamper?.(headers);
  const search = new URLSearchParams(call.query).toString();
  const path = search === '' ? call.path : `${call.path}?${search}`;
  const { hostname, port } = new URL(target.url);
  const isAtHome = call.addressing === 'header' || call.addressing === 'proxy';
  const options: http.RequestOptions = {
    method: call.method ?? 'GET',
    hostname: isAtHome ? hostname : (headers.host ?? hostname).replace(/:\d+$/, ''),
    port,
    path: call.addressing === 'proxy' ? `http://${headers.host}${path}` : path,
    headers: { ...headers, 'content-length': String(body.length) },
    agent: target.agent,
  };
  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https' ? https : http).request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          json: <T>() => JSON.parse(bytes.toString('utf8')) as T,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function signedHeaders(target: Target, call: RawCall, body: Buffer): Record<string, string> {
  const credentials = call.credentials ?? target;
  const project = call.project === undefined ? '' : `${call.project}.`;
  const headers: Record<string, string> = {
    host: call.addressing === 'header' ? target.endpoint : `${project}${target.endpoint}`,
    'x-log-apiversion': '0.6.0',
    'x-log-bodyrawsize': String(body.length),
    ...(body.length > 0 ? { 'content-type': 'application/json' } : {}),
    ...(call.addressing === 'header' && call.project !== undefined ? { 'x-log-project': call.project } : {}),
    ...call.headers,
  };
  if (headers['x-log-bodyrawsize'] === '') delete headers['x-log-bodyrawsize'];
  if (call.credentials?.securityToken !== undefined) {
    headers['x-acs-security-token'] = call.credentials.securityToken;
  }
  const signature = call.signature ?? 'hmac-sha1';
  if (signature === 'v4') signV4({ headers, call, body, credentials, region: target.region });
  else if (signature !== 'none') signV1({ headers, call, body, credentials, method: signature });
  return headers;
}

interface Signing {
  headers: Record<string, string>;
  call: RawCall;
  body: Buffer;
  credentials: { accessKeyId: string; accessKeySecret: string };
}

function signV1(given: Signing & { method: 'hmac-sha1' | 'hmac-sha256' }): void {
  const { headers, call, body, credentials } = given;
  headers['x-log-signaturemethod'] = given.method;
  headers.date ??= new Date().toUTCString();
  if (body.length > 0) headers['content-md5'] ??= createHash('md5').update(body).digest('hex').toUpperCase();
  const log = Object.keys(headers)
    .filter((name) => name.startsWith('x-log-') || name.startsWith('x-acs-'))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
    .join('');
  const query = Object.keys(call.query ?? {})
    .sort()
    .map((name) => `${name}=${call.query?.[name]}`)
    .join('&');
  const text =
    `${call.method ?? 'GET'}\n${headers['content-md5'] ?? ''}\n${headers['content-type'] ?? ''}\n${headers.date}\n` +
    `${log}${call.path}${query === '' ? '' : `?${query}`}`;
  const digest = createHmac(given.method.slice(5), credentials.accessKeySecret).update(text).digest('base64');
  headers.authorization = `LOG ${credentials.accessKeyId}:${digest}`;
}

function signV4(given: Signing & { region: string }): void {
  const { headers, call, body, credentials, region } = given;
  const dateTime = headers['x-log-date'] ?? new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const date = dateTime.slice(0, 8);
  headers['x-log-date'] = dateTime;
  headers['x-log-content-sha256'] ??= createHash('sha256').update(body).digest('hex');
  const names = Object.keys(headers)
    .filter((name) => /^(x-log-|x-acs-|host$|content-type$)/.test(name))
    .sort();
  const query = Object.keys(call.query ?? {})
    .sort()
    .map((name) => {
      const value = call.query?.[name] ?? '';
      return value === ''
        ? name
        : `${name}=${encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)}`;
    })
    .join('&');
  const canonical = [
    call.method ?? 'GET',
    call.path,
    query,
    names.map((name) => `${name}:${headers[name]}\n`).join(''),
    names.join(';'),
    headers['x-log-content-sha256'],
  ].join('\n');
  const scope = `${date}/${region}/sls/aliyun_v4_request`;
  const hashed = createHash('sha256').update(canonical).digest('hex');
  let key: Buffer = Buffer.from(`aliyun_v4${credentials.accessKeySecret}`);
  for (const part of [date, region, 'sls', 'aliyun_v4_request']) {
    key = createHmac('sha256', key).update(part).digest();
  }
  const signature = createHmac('sha256', key)
    .update(`SLS4-HMAC-SHA256\n${dateTime}\n${scope}\n${hashed}`)
    .digest('hex');
  headers.authorization = `SLS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope},Signature=${signature}`;
}
