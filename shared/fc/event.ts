import { ProblemError } from './problem.ts';

/**
 * FC hands a built-in runtime's handler the event as a Buffer of JSON
 * (https://help.aliyun.com/zh/functioncompute/user-guide/request-handlers, read 2026-11-23). Text and parsed
 * objects are taken too: local tools pass those. Returns undefined for what is not JSON.
 */
export function parseEvent(event: unknown): unknown {
  if (typeof event === 'string') return parseJson(event);
  if (event instanceof Uint8Array) {
    return parseJson(Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString('utf8'));
  }
  return event;
}

/**
 * One HTTP request, whatever shape the trigger gave it:
 * https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function (read 2026-11-23).
 */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** As in the URL, still percent-encoded; never with a query. */
  readonly rawPath: string;
  /** Values as given; one that was given several times is joined by commas. No prototype. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. No prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /** As the event has it: base64 where `bodyIsBase64` says so. */
  readonly rawBody: string;
  readonly bodyIsBase64: boolean;
  /** The trigger's request id, if it gave one. */
  readonly requestId: string | undefined;
}

/** @throws ProblemError INPUT_INVALID when the event is not an HTTP trigger's. */
export function decodeHttpEvent(event: unknown): HttpRequest {
  const envelope = asObject(parseEvent(event));
  if (envelope === undefined) throw notHttp('the event is not a JSON object');
  const context = asObject(own(envelope, 'requestContext'));
  const http = asObject(context && own(context, 'http'));
  const method = asText(http && own(http, 'method'));
  if (method === undefined || !/^[A-Za-z]{1,16}$/.test(method))
    throw notHttp('the event names no HTTP method');
  const body = own(envelope, 'body');
  if (body !== undefined && body !== null && typeof body !== 'string') throw notHttp('the body is not text');
  return {
    method: method.toUpperCase(),
    rawPath: pathOf(envelope, http ?? {}),
    query: stringMap(own(envelope, 'queryParameters'), (name) => name),
    headers: stringMap(own(envelope, 'headers'), (name) => name.toLowerCase()),
    rawBody: body ?? '',
    bodyIsBase64: own(envelope, 'isBase64Encoded') === true,
    requestId: asText(context && own(context, 'requestId')),
  };
}

/** The body's bytes, for requests whose size has been checked. */
export function bodyBytes(request: HttpRequest): Buffer {
  return Buffer.from(request.rawBody, request.bodyIsBase64 ? 'base64' : 'utf8');
}

/** How many bytes the body has, without decoding it: base64 is four characters for three bytes. */
export function bodySize(request: HttpRequest): number {
  if (!request.bodyIsBase64) return Buffer.byteLength(request.rawBody, 'utf8');
  const padding = request.rawBody.endsWith('==') ? 2 : request.rawBody.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((request.rawBody.length * 3) / 4) - padding);
}

function pathOf(envelope: object, http: object): string {
  const raw = asText(own(envelope, 'rawPath'));
  if (raw !== undefined) return raw.split('?', 1)[0] || '/';
  // `http.path` is the decoded form: encoding it again gives back a path with the same segments, except for
  // an encoded slash, which no route of ours has.
  const decoded = asText(own(http, 'path'));
  if (decoded === undefined) throw notHttp('the event names no path');
  return decoded.split('/').map(encodeSegment).join('/') || '/';
}

function encodeSegment(segment: string): string {
  try {
    return encodeURIComponent(segment);
  } catch {
    throw notHttp('the path is not valid Unicode');
  }
}

function stringMap(value: unknown, toName: (name: string) => string): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [key, given] of Object.entries(asObject(value) ?? {})) {
    const text = Array.isArray(given)
      ? given.filter((one) => typeof one === 'string').join(',')
      : asText(given);
    if (text === undefined) continue;
    const name = toName(key);
    map[name] = map[name] === undefined ? text : `${map[name]},${text}`;
  }
  return map;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

function asObject(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function notHttp(reason: string): ProblemError {
  return new ProblemError('INPUT_INVALID', `This is not an event of an HTTP trigger: ${reason}.`);
}
