/**
 * As much of JSON Schema 2020-12 (https://json-schema.org/draft/2020-12) as our OpenAPI document uses, and an
 * error for any keyword beyond that: a schema must not pass because its checker does not know it.
 */
type Json = unknown;
type Schema = Readonly<Record<string, Json>>;

const ANNOTATIONS: ReadonlySet<string> = new Set(['description', 'examples', 'title', 'format', '$schema']);

/** What is wrong with a value, by path; empty when it is as the schema says. */
export function schemaProblems(root: Json, schema: Json, value: Json, path = '$'): string[] {
  if (typeof schema !== 'object' || schema === null) throw new Error(`${path}: not a schema`);
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`${path}: the checker does not know ${keyword}`);
    return check({ root, schema: schema as Schema, rule, value, path });
  });
}

interface Check {
  readonly root: Json;
  readonly schema: Schema;
  readonly rule: Json;
  readonly value: Json;
  readonly path: string;
}
type Keyword = (check: Check) => string[];

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const when = (wrong: boolean, path: string, what: string): string[] => (wrong ? [`${path} ${what}`] : []);

const TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  object: isObject,
  array: Array.isArray,
  null: (value) => value === null,
};

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  $ref: ({ root, rule, value, path }) => schemaProblems(root, resolve(root, String(rule)), value, path),
  type: ({ rule, value, path }) => when(!TYPES[String(rule)]?.(value), path, `is not of type ${rule}`),
  const: ({ rule, value, path }) => when(value !== rule, path, `is not ${rule}`),
  enum: ({ rule, value, path }) => when(!(rule as Json[]).includes(value), path, 'is none of those listed'),
  pattern: ({ rule, value, path }) =>
    when(
      typeof value === 'string' && !new RegExp(String(rule), 'u').test(value),
      path,
      'does not match its pattern',
    ),
  minimum: ({ rule, value, path }) =>
    when(typeof value === 'number' && value < Number(rule), path, 'is too small'),
  maximum: ({ rule, value, path }) =>
    when(typeof value === 'number' && value > Number(rule), path, 'is too large'),
  maxLength: ({ rule, value, path }) =>
    when(typeof value === 'string' && [...value].length > Number(rule), path, 'is too long'),
  minItems: ({ rule, value, path }) =>
    when(Array.isArray(value) && value.length < Number(rule), path, 'has too few items'),
  maxItems: ({ rule, value, path }) =>
    when(Array.isArray(value) && value.length > Number(rule), path, 'has too many items'),
  maxProperties: ({ rule, value, path }) =>
    when(isObject(value) && Object.keys(value).length > Number(rule), path, 'has too many members'),
  required: ({ rule, value, path }) =>
    isObject(value)
      ? (rule as string[]).flatMap((name) => when(!Object.hasOwn(value, name), path, `lacks ${name}`))
      : [],
  properties: ({ root, rule, value, path }) =>
    isObject(value)
      ? Object.entries(rule as Schema).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? schemaProblems(root, schema, value[name], `${path}.${name}`) : [],
        )
      : [],
  propertyNames: ({ root, rule, value, path }) =>
    isObject(value)
      ? Object.keys(value).flatMap((name) => schemaProblems(root, rule, name, `${path}#${name}`))
      : [],
  additionalProperties: ({ root, schema, rule, value, path }) => {
    if (!isObject(value)) return [];
    const known = Object.keys((schema.properties as object | undefined) ?? {});
    const others = Object.keys(value).filter((name) => !known.includes(name));
    return others.flatMap((name) =>
      rule === false
        ? [`${path} has the unknown member ${name}`]
        : schemaProblems(root, rule, value[name], `${path}.${name}`),
    );
  },
  items: ({ root, rule, value, path }) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => schemaProblems(root, rule, item, `${path}[${index}]`))
      : [],
  allOf: ({ root, rule, value, path }) =>
    (rule as Json[]).flatMap((schema) => schemaProblems(root, schema, value, path)),
  anyOf: ({ root, rule, value, path }) =>
    alternatives({ root, rule, value, path }, (matches) => matches >= 1),
  oneOf: ({ root, rule, value, path }) =>
    alternatives({ root, rule, value, path }, (matches) => matches === 1),
};

function alternatives(
  { root, rule, value, path }: Omit<Check, 'schema'>,
  enough: (matches: number) => boolean,
): string[] {
  const problems = (rule as Json[]).map((schema) => schemaProblems(root, schema, value, path));
  const matches = problems.filter((found) => found.length === 0).length;
  return enough(matches)
    ? []
    : [`${path} fits ${matches} of ${problems.length}`, ...problems.flat().slice(0, 4)];
}

function resolve(root: Json, pointer: string): Json {
  return pointer
    .replace(/^#\//, '')
    .split('/')
    .reduce<Json>(
      (at, part) => (isObject(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
      root,
    );
}
