/**
 * JSON text of anything, without recursion: `JSON.parse` reads any depth, `JSON.stringify` overflows the stack at
 * some thousand levels. For every value that `JSON.parse` can return, `JSON.parse` of this text is deeply equal to
 * it, -0 and the infinities (from 1e999) included, which `JSON.stringify` loses. Values that are not JSON are written
 * as nearly as possible; nothing throws.
 */
interface Frame {
  readonly container: object;
  /** Keys of an object, undefined for an array. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  next: number;
  written: number;
}

export interface JsonTexts {
  readonly text: string;
  /** Keys in code unit order; as long as `text`. */
  readonly sorted: string;
}

/** Both texts of a value. Members without keys of their own are written only once. */
export function toJsonTexts(value: unknown): JsonTexts {
  if (typeof value !== 'object' || value === null || isArray(value)) {
    return { text: toJsonText(value), sorted: toJsonText(value, true) };
  }
  const pieces: string[] = [];
  const members: { key: string; sorted: string }[] = [];
  for (const key of keysOf(value)) {
    const item = memberOf(value, key);
    if (!hasJsonForm(item)) continue;
    const name = JSON.stringify(key);
    const flat = flatText(item);
    pieces.push(`${name}:${flat ?? toJsonText(item)}`);
    members.push({
      key,
      sorted: flat === undefined ? `${name}:${toJsonText(item, true)}` : (pieces.at(-1) ?? ''),
    });
  }
  members.sort((a, b) => (a.key < b.key ? -1 : 1));
  // Joined, not concatenated: V8 keeps a concatenation as a tree, which is slow to hash, measure and send.
  return { text: `{${pieces.join(',')}}`, sorted: `{${members.map((member) => member.sorted).join(',')}}` };
}

/** Text of a scalar or of a list of texts, which have no keys to sort. */
function flatText(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return scalarText(item) ?? 'null';
  try {
    return Array.isArray(item) && item.every(isText) ? JSON.stringify(item) : undefined;
  } catch {
    return undefined;
  }
}

/** Text of `value`; with `sorted`, keys are in code unit order. */
export function toJsonText(value: unknown, sorted = false): string {
  let text = '';
  const frames: Frame[] = [];
  const open = new Set<object>();

  const write = (item: unknown) => {
    if (typeof item !== 'object' || item === null) {
      text += scalarText(item) ?? 'null';
    } else if (open.has(item)) {
      text += '"[circular]"';
    } else {
      const frame = frameOf(item, sorted);
      open.add(item);
      frames.push(frame);
      text += frame.keys ? '{' : '[';
    }
  };

  write(value);
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    if (frame.next >= frame.length) {
      text += frame.keys ? '}' : ']';
      open.delete(frame.container);
      frames.pop();
      continue;
    }
    const key = frame.keys ? frame.keys[frame.next] : frame.next;
    frame.next += 1;
    const item = memberOf(frame.container, key as string);
    if (frame.keys) {
      // As in JSON.stringify, a member without a JSON form is left out.
      if (!hasJsonForm(item)) continue;
      text += `${frame.written > 0 ? ',' : ''}${JSON.stringify(key)}:`;
    } else if (frame.written > 0) {
      text += ',';
    }
    frame.written += 1;
    write(item);
  }
  return text;
}

function frameOf(container: object, sorted: boolean): Frame {
  if (isArray(container)) {
    return { container, keys: undefined, length: container.length, next: 0, written: 0 };
  }
  const keys = keysOf(container);
  if (sorted) keys.sort();
  return { container, keys, length: keys.length, next: 0, written: 0 };
}

function isText(item: unknown): item is string {
  return typeof item === 'string';
}

function isArray(value: object): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy
  }
}

function keysOf(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

function memberOf(container: object, key: string): unknown {
  try {
    return (container as Record<string, unknown>)[key];
  } catch {
    return null;
  }
}

function hasJsonForm(item: unknown): boolean {
  return item !== undefined && typeof item !== 'function' && typeof item !== 'symbol';
}

function scalarText(item: unknown): string | undefined {
  switch (typeof item) {
    case 'string':
      return JSON.stringify(item);
    case 'boolean':
      return item ? 'true' : 'false';
    case 'bigint':
      return `"${item}"`;
    case 'number':
      return numberText(item);
    default:
      return undefined;
  }
}

function numberText(item: number): string {
  if (Object.is(item, -0)) return '-0';
  if (item === Number.POSITIVE_INFINITY) return '1e999';
  if (item === Number.NEGATIVE_INFINITY) return '-1e999';
  return Number.isNaN(item) ? 'null' : String(item);
}
