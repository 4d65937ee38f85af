import { ProblemError } from './response.ts';

/**
 * FC hands a built-in runtime's handler the event as a Buffer of JSON
 * (https://help.aliyun.com/zh/functioncompute/user-guide/request-handlers, read 2026-11-23). Text and parsed
 * objects are accepted too, since local tools pass those. Returns undefined for anything that is not JSON.
 */
export function parseEvent(event: unknown): unknown {
  if (typeof event === 'string') return parseJson(event);
  if (event instanceof Uint8Array) {
    return parseJson(Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString('utf8'));
  }
  return event;
}

/**
 * One HTTP request, decoded from the event of an HTTP trigger:
 * https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function (read 2026-11-23).
 */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** As in the URL, still percent-encoded; never with a query. */
  readonly rawPath: string;
  /** Values as received; repeated ones are joined by commas. No prototype. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. No prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /** As in the event: base64 if `bodyIsBase64`. */
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

function pathOf(envelope: object, http: object): string {
  const raw = asText(own(envelope, 'rawPath'));
  if (raw !== undefined) return raw.split('?', 1)[0] || '/';
  // `http.path` is decoded. Encoding it restores the segments, except for an encoded slash, which no route of ours
  // has.
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

/** Far above a batch of a thousand registrations, far below FC's 32 MB. */
export const MAX_BODY_BYTES = 1_048_576;
/** Our deepest schema has three levels. Up to this depth, an error names the path of what is wrong. */
const MAX_DEPTH = 16;
/** Assigning to this key would replace the object's prototype. */
const UNSAFE_KEY = '__proto__';
/** Neither is registered with IANA; both are in use. */
const NDJSON_TYPES: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson']);

export type ParsedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  /** One entry per line that is not blank; one that is not valid JSON has its own reason. */
  | { readonly kind: 'ndjson'; readonly lines: readonly ParsedLine[] };

export type ParsedLine =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a request's body by its content type. JSON must not be nested too deeply or hold the key `__proto__`.
 * @throws ProblemError BODY_TOO_LARGE, MEDIA_TYPE_UNSUPPORTED, INPUT_INVALID
 */
export function parseBody(request: HttpRequest, types: { ndjson: boolean }): ParsedBody {
  if (bodySize(request) > MAX_BODY_BYTES) {
    throw new ProblemError('BODY_TOO_LARGE', `The body may have at most ${MAX_BODY_BYTES} bytes.`);
  }
  if (request.rawBody === '') return { kind: 'none' };
  const type = mediaTypeOf(request);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new ProblemError('MEDIA_TYPE_UNSUPPORTED', 'The body must not be compressed.');
  }
  if (type === 'application/json') return { kind: 'json', value: parseWhole(decodeText(request)) };
  if (types.ndjson && NDJSON_TYPES.has(type)) {
    const lines = decodeText(request).split('\n');
    return { kind: 'ndjson', lines: lines.filter((line) => line.trim() !== '').map(safeParseJson) };
  }
  throw new ProblemError(
    'MEDIA_TYPE_UNSUPPORTED',
    `The content type must be application/json${types.ndjson ? ' or application/x-ndjson' : ''}, in UTF-8.`,
  );
}

/** The media type in lower case without parameters; '' if there is none, or its charset is not UTF-8. */
function mediaTypeOf(request: HttpRequest): string {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  if (charset !== undefined && !/^charset="?(utf-8|utf8|us-ascii)"?$/.test(charset)) return '';
  return type.trim();
}

function decodeText(request: HttpRequest): string {
  try {
    // Strips a byte order mark, which some exporters put first.
    return new TextDecoder('utf-8', { fatal: true }).decode(bodyBytes(request));
  } catch {
    throw badBody('is not valid UTF-8');
  }
}

function parseWhole(text: string): unknown {
  const parsed = safeParseJson(text);
  if (!parsed.ok) throw badBody(parsed.reason);
  return parsed.value;
}

/** The empty path is the whole body. */
function badBody(reason: string): ProblemError {
  return new ProblemError('INPUT_INVALID', `The body ${reason}.`, {
    issues: [{ path: '', message: reason }],
  });
}

/** Parses JSON and refuses what is not safe to walk or copy. Never throws. */
export function safeParseJson(text: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'is not valid JSON' };
  }
  const reason = unsafeReason(value);
  return reason === undefined ? { ok: true, value } : { ok: false, reason };
}

/** Not recursive: a megabyte of brackets must not exhaust the stack. */
function unsafeReason(root: unknown): string | undefined {
  const open: Array<readonly [value: unknown, depth: number]> = [[root, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, depth] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
    for (const key of Object.keys(value)) {
      if (key === UNSAFE_KEY) return 'has a key with a reserved name';
      open.push([(value as Record<string, unknown>)[key], depth + 1]);
    }
  }
  return undefined;
}

export function bodyBytes(request: HttpRequest): Buffer {
  return Buffer.from(request.rawBody, request.bodyIsBase64 ? 'base64' : 'utf8');
}

/** The size of the body, without decoding it: in base64, four characters are three bytes. */
export function bodySize(request: HttpRequest): number {
  if (!request.bodyIsBase64) return Buffer.byteLength(request.rawBody, 'utf8');
  const padding = request.rawBody.endsWith('==') ? 2 : request.rawBody.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((request.rawBody.length * 3) / 4) - padding);
}
