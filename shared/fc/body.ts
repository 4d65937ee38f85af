import { bodyBytes, bodySize, type HttpRequest } from './event.ts';
import { ProblemError } from './problem.ts';

/** Far above a batch of a thousand registrations, far below FC's 32 MB. */
export const MAX_BODY_BYTES = 1_048_576;
/** Our deepest shape is three levels; the rest is room for whoever nests by mistake to get a clear answer. */
const MAX_DEPTH = 16;
/** Assigned to an object it would change what the object is; every other name makes a member like any other. */
const UNSAFE_KEY = '__proto__';
/** Neither is registered with IANA; both are in use. */
const NDJSON_TYPES: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson']);

export type ParsedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  /** One entry per line that is not blank; a line that is not JSON is an outcome of its own. */
  | { readonly kind: 'ndjson'; readonly lines: readonly ParsedLine[] };

export type ParsedLine =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a request's body by its content type. JSON may not be nested absurdly or hold a key that reaches for
 * the prototype.
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

/** The media type in lower case without parameters; '' when the charset is one we do not read, or none is named. */
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

/** JSON that is safe to walk and to copy; never throws. */
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

/** Without recursion: a megabyte of brackets must not exhaust the stack. */
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
