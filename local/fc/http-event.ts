import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { LOCAL_ACCOUNT_ID } from '../credentials.ts';
import { splitTarget } from '../http/listen.ts';
import { LOCAL_REGION } from '../sls/src/host.ts';

/**
 * The HTTP trigger's event for built-in runtimes, and the response made from what the handler returns.
 * https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function (read 2026-11-23)
 */
interface HttpEventOptions {
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly requestId: string;
  readonly nowMs: number;
}

const OWN_HEADERS = /^(x-fc-.*|connection|keep-alive)$/i;
const TEXT_TYPES =
  /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded)\b|[^;]*\+(json|xml)\b)/i;

export function toHttpEvent(options: HttpEventOptions): Buffer {
  const { request, body, requestId, nowMs } = options;
  const [rawPath, query] = splitTarget(request.url ?? '/');
  const text = TEXT_TYPES.test(request.headers['content-type'] ?? '');
  const domainPrefix = `local-${LOCAL_ACCOUNT_ID.slice(-6)}`;
  const time = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return Buffer.from(
    JSON.stringify({
      version: 'v1',
      rawPath,
      body: body.toString(text ? 'utf8' : 'base64'),
      isBase64Encoded: !text,
      headers: joined(headerPairs(request)),
      queryParameters: joined(new URLSearchParams(query)),
      requestContext: {
        accountId: LOCAL_ACCOUNT_ID,
        domainName: `${domainPrefix}.${LOCAL_REGION}.fcapp.run`,
        domainPrefix,
        http: {
          method: request.method ?? 'GET',
          path: decoded(rawPath),
          protocol: `HTTP/${request.httpVersion}`,
          sourceIp: request.socket.remoteAddress ?? '',
          userAgent: request.headers['user-agent'] ?? '',
        },
        requestId,
        time,
        timeEpoch: String(nowMs),
      },
    }),
    'utf8',
  );
}

interface HttpResponse {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

const NOT_CUSTOM = /^(x-fc-.*|connection|content-length|date|keep-alive|server|transfer-encoding|upgrade)$/i;

/**
 * Without a statusCode, the whole value is the body of a 200 (not documented for this shape; it is the rule of the
 * service whose event format this one mirrors).
 */
export function toHttpResponse(returned: Buffer): HttpResponse {
  const value = parsed(returned);
  if (!isObject(value) || typeof value.statusCode !== 'number') {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: returned };
  }
  const headers = isObject(value.headers) ? value.headers : {};
  const text =
    value.body === undefined || value.body === null
      ? ''
      : typeof value.body === 'string'
        ? value.body
        : JSON.stringify(value.body);
  return {
    status: value.statusCode,
    headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => !NOT_CUSTOM.test(name))
        .map(([name, header]) => [name, String(header)]),
    ),
    body: Buffer.from(text, value.isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Names are capitalized as Go's HTTP/1 proxies do it (Content-Type); the case is not documented. */
function headerPairs({ rawHeaders }: IncomingMessage): Array<[string, string]> {
  const pairs: Array<[string, string]> = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (OWN_HEADERS.test(name)) continue;
    const spelled = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
    pairs.push([spelled, rawHeaders[i + 1] ?? '']);
  }
  return pairs;
}

function joined(pairs: Iterable<[string, string]>): Record<string, string> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of pairs) byName.set(name, [...(byName.get(name) ?? []), value]);
  return Object.fromEntries([...byName].map(([name, values]) => [name, values.join(',')]));
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
