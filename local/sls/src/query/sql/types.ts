import type { TypeName } from './ast.ts';
import { refuseSql } from './lexer.ts';

/** Presto's types, as far as they occur here. `unknown` is the type of NULL. */
export type SqlType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** A point in time shown in a zone that is known when the query is compiled. */
  | { readonly kind: 'zoned'; readonly zone: string }
  | { readonly kind: 'array'; readonly element: SqlType }
  | { readonly kind: 'map'; readonly key: SqlType; readonly value: SqlType }
  | {
      readonly kind: 'row';
      readonly fields: ReadonlyArray<{ readonly name: string | undefined; readonly type: SqlType }>;
    };

/** SQL for DuckDB together with the Presto type of its value. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
}

type ScalarKind =
  | 'unknown'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'varchar'
  | 'varbinary'
  | 'json'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'interval';

const scalar = (kind: ScalarKind): SqlType => Object.freeze({ kind });

export const UNKNOWN = scalar('unknown');
export const BOOLEAN = scalar('boolean');
export const INTEGER = scalar('integer');
export const BIGINT = scalar('bigint');
export const DOUBLE = scalar('double');
export const VARCHAR = scalar('varchar');
export const VARBINARY = scalar('varbinary');
export const JSON_TYPE = scalar('json');
export const DATE = scalar('date');
export const TIME = scalar('time');
export const TIMESTAMP = scalar('timestamp');
export const INTERVAL = scalar('interval');

export const arrayOf = (element: SqlType): SqlType => ({ kind: 'array', element });
export const mapOf = (key: SqlType, value: SqlType): SqlType => ({ kind: 'map', key, value });

const SCALARS: Readonly<Record<string, SqlType>> = {
  boolean: BOOLEAN,
  tinyint: INTEGER,
  smallint: INTEGER,
  int: INTEGER,
  integer: INTEGER,
  bigint: BIGINT,
  long: BIGINT,
  real: DOUBLE,
  double: DOUBLE,
  varchar: VARCHAR,
  char: VARCHAR,
  varbinary: VARBINARY,
  json: JSON_TYPE,
  date: DATE,
  time: TIME,
  timestamp: TIMESTAMP,
};

/**
 * The type a name stands for.
 * @throws QueryRefused ParameterInvalid for a type that is not one of these
 */
export function typeOfName(name: TypeName): SqlType {
  const types = name.args.filter((arg): arg is TypeName => typeof arg !== 'number');
  const [first, second] = types;
  if (name.name === 'array' && first !== undefined && types.length === 1) return arrayOf(typeOfName(first));
  if (name.name === 'map' && first !== undefined && second !== undefined && types.length === 2) {
    return mapOf(typeOfName(first), typeOfName(second));
  }
  if (name.name === 'row' && first !== undefined) {
    return {
      kind: 'row',
      fields: types.map((type, at) => ({ name: name.fields[at], type: typeOfName(type) })),
    };
  }
  if (name.name === 'decimal') {
    const [precision = 38, scale = 0] = name.args.filter((arg) => typeof arg === 'number');
    if (precision < 1 || precision > 38 || scale > precision)
      refuseSql(`Invalid type decimal(${precision}, ${scale})`);
    return { kind: 'decimal', precision, scale };
  }
  const found = SCALARS[name.name];
  if (found === undefined || types.length > 0) refuseSql(`Unknown type: ${name.name}`);
  return found;
}

/** As Presto writes it: `map(varchar, bigint)`. */
export function nameOfType(type: SqlType): string {
  switch (type.kind) {
    case 'array':
      return `array(${nameOfType(type.element)})`;
    case 'map':
      return `map(${nameOfType(type.key)}, ${nameOfType(type.value)})`;
    case 'row':
      return `row(${type.fields.map((field) => `${field.name === undefined ? '' : `${field.name} `}${nameOfType(field.type)}`).join(', ')})`;
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'zoned':
      return 'timestamp with time zone';
    default:
      return type.kind;
  }
}

/** The type in DuckDB that holds the values of a type. */
export function duckTypeOf(type: SqlType): string {
  switch (type.kind) {
    case 'array':
      return `${duckTypeOf(type.element)}[]`;
    case 'map':
      return `MAP(${duckTypeOf(type.key)}, ${duckTypeOf(type.value)})`;
    case 'row':
      return `STRUCT(${type.fields.map((field, at) => `${fieldName(at)} ${duckTypeOf(field.type)}`).join(', ')})`;
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'zoned':
      return 'TIMESTAMP';
    case 'varbinary':
      return 'BLOB';
    case 'unknown':
      return 'VARCHAR';
    default:
      return type.kind.toUpperCase();
  }
}

/** What DuckDB calls the fields of a row; their names in the query may be missing, or equal. */
export function fieldName(at: number): string {
  return `f${at}`;
}

export function isInteger(type: SqlType): boolean {
  return type.kind === 'integer' || type.kind === 'bigint';
}

export function isNumeric(type: SqlType): boolean {
  return isInteger(type) || type.kind === 'double' || type.kind === 'decimal';
}

/** Timestamps with and without a zone. */
export function isTimestamp(type: SqlType): boolean {
  return type.kind === 'timestamp' || type.kind === 'zoned';
}

export function sameType(a: SqlType, b: SqlType): boolean {
  return nameOfType(a) === nameOfType(b) && (a.kind !== 'zoned' || (b.kind === 'zoned' && a.zone === b.zone));
}

const NUMERIC_ORDER = ['integer', 'bigint', 'decimal', 'double'];
const TIME_ORDER = ['date', 'timestamp', 'zoned'];

/** The type both values have without a cast in the query, or undefined if they do not go together. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (sameType(a, b)) return a;
  if (a.kind === 'unknown') return b;
  if (b.kind === 'unknown') return a;
  if (a.kind === 'decimal' && b.kind === 'decimal') return widerDecimal(a, b);
  for (const order of [NUMERIC_ORDER, TIME_ORDER]) {
    const [left, right] = [order.indexOf(a.kind), order.indexOf(b.kind)];
    if (left >= 0 && right >= 0) return left >= right ? a : b;
  }
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonType(a.element, b.element);
    return element === undefined ? undefined : arrayOf(element);
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const [key, value] = [commonType(a.key, b.key), commonType(a.value, b.value)];
    return key === undefined || value === undefined ? undefined : mapOf(key, value);
  }
  return a.kind === 'row' && b.kind === 'row' ? commonRow(a, b) : undefined;
}

type Decimal = Extract<SqlType, { kind: 'decimal' }>;

function widerDecimal(a: Decimal, b: Decimal): SqlType {
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  return { kind: 'decimal', precision: Math.min(38, whole + scale), scale };
}

type Row = Extract<SqlType, { kind: 'row' }>;

function commonRow(a: Row, b: Row): SqlType | undefined {
  if (a.fields.length !== b.fields.length) return undefined;
  const fields: Array<{ name: string | undefined; type: SqlType }> = [];
  for (const [at, field] of a.fields.entries()) {
    const other = b.fields[at];
    const type = other === undefined ? undefined : commonType(field.type, other.type);
    if (type === undefined) return undefined;
    fields.push({ name: field.name ?? other?.name, type });
  }
  return { kind: 'row', fields };
}

/** Quotes a text for SQL. DuckDB takes no NUL in a literal. */
export function quoteText(text: string): string {
  if (!text.includes('\0')) return `'${text.replaceAll("'", "''")}'`;
  return `(${text.split('\0').map(quoteText).join(' || chr(0) || ')})`;
}

/**
 * The zone in which the service shows times unless a query names another: UTC+8 in every region, as the results
 * in its documentation show (1592374067 is 2020-06-17 14:07:47; "Date and time functions", read 2026-11).
 */
export const SESSION_ZONE = 'Asia/Shanghai';

/** Asia/Shanghai has had no summer time since 1991. */
export const SESSION_OFFSET_SECONDS = 8 * 3600;
