import {
  BIGINT,
  commonType,
  DOUBLE,
  duckTypeOf,
  isInteger,
  isTimestamp,
  SESSION_ZONE,
  type SqlType,
  sameType,
  TIMESTAMP,
  type Typed,
  VARCHAR,
} from '../types.ts';

/** The value as `type`, if it becomes one without a cast in the query; undefined if it does not. */
export function coerce(value: Typed, type: SqlType): Typed | undefined {
  if (sameType(value.type, type)) return value;
  if (value.type.kind === 'unknown') return { sql: `CAST(${value.sql} AS ${duckTypeOf(type)})`, type };
  // A point in time with a zone is shown in the session's where one without is asked for.
  if (value.type.kind === 'zoned' && type.kind === 'timestamp') return castValue(value, type);
  const common = commonType(value.type, type);
  return common !== undefined && sameType(common, type) ? castValue(value, type) : undefined;
}

/**
 * An explicit cast, as Presto does it; undefined if there is none between the types. With `safe`, what cannot be
 * cast is NULL.
 */
export function castValue(value: Typed, type: SqlType, safe = false): Typed | undefined {
  const from = value.type;
  if (sameType(from, type)) return value;
  if (from.kind === 'unknown') return { sql: `CAST(${value.sql} AS ${duckTypeOf(type)})`, type };
  const sql = castSql(value, type, safe);
  return sql === undefined ? undefined : { sql, type };
}

function castSql(value: Typed, type: SqlType, safe: boolean): string | undefined {
  const { sql, type: from } = value;
  if (from.kind === 'varchar') return fromText(sql, type, safe);
  if (type.kind === 'varchar') return toText(value);
  if (from.kind === 'json') return fromJson(sql, type, safe);
  if (type.kind === 'json') return toJson(value);
  if (isMoment(from) && isMoment(type)) return betweenMoments(value, type);
  if (isNumberLike(from) && isNumberLike(type)) return betweenNumbers(value, type, safe);
  if (from.kind === 'array' && type.kind === 'array') return betweenArrays(value, type, safe);
  const nested = (from.kind === 'map' && type.kind === 'map') || (from.kind === 'row' && type.kind === 'row');
  return nested ? plainCast(sql, type, safe) : undefined;
}

function plainCast(sql: string, type: SqlType, safe: boolean): string {
  return `${safe ? 'TRY_CAST' : 'CAST'}(${sql} AS ${duckTypeOf(type)})`;
}

function fromText(sql: string, type: SqlType, safe: boolean): string | undefined {
  switch (type.kind) {
    case 'bigint':
    case 'integer':
      return plainCast(`${safe ? 'sls_try_bigint' : 'sls_bigint'}(${sql})`, type, safe);
    case 'double':
    case 'boolean':
    case 'decimal':
    case 'date':
    case 'time':
      return plainCast(`trim(${sql})`, type, safe);
    case 'timestamp':
      // In a lambda, because the text may be an aggregate, which TRY does not take.
      return safe
        ? `list_transform([${sql}], lambda tv: TRY(sls_timestamp(tv)))[1]`
        : `sls_timestamp(${sql})`;
    case 'json':
      return `to_json(${sql})`;
    case 'varbinary':
      return `encode(${sql})`;
    default:
      return undefined;
  }
}

/** Java's way to write a value: `1.0E10`, `2026-11-23 08:00:00.000`. */
function toText({ sql, type }: Typed): string | undefined {
  switch (type.kind) {
    case 'double':
      return `sls_double_text(${sql})`;
    case 'timestamp':
      return `strftime(${sql}, '%Y-%m-%d %H:%M:%S.%g')`;
    case 'zoned':
      return `(strftime(${sql}, '%Y-%m-%d %H:%M:%S.%g') || ' ${type.zone}')`;
    case 'json':
      return `(${sql} ->> '$')`;
    case 'array':
    case 'map':
    case 'row':
    case 'interval':
    case 'varbinary':
      return undefined;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

function fromJson(sql: string, type: SqlType, safe: boolean): string | undefined {
  if (type.kind === 'row' || type.kind === 'varbinary' || isMoment(type)) return undefined;
  return plainCast(sql, type, safe);
}

function toJson({ sql, type }: Typed): string | undefined {
  if (type.kind === 'row')
    return `to_json([${type.fields.map((_, at) => `to_json(struct_extract(${sql}, 'f${at}'))`).join(', ')}])`;
  return type.kind === 'varbinary' || type.kind === 'interval' ? undefined : `to_json(${sql})`;
}

function isMoment(type: SqlType): boolean {
  return isTimestamp(type) || type.kind === 'date' || type.kind === 'time';
}

function betweenMoments({ sql, type: from }: Typed, type: SqlType): string | undefined {
  if (type.kind === 'time') return from.kind === 'date' ? undefined : `CAST(${sql} AS TIME)`;
  if (from.kind === 'time') return undefined;
  const fromZone = from.kind === 'zoned' ? from.zone : SESSION_ZONE;
  const toZone = type.kind === 'zoned' ? type.zone : SESSION_ZONE;
  const moved = moveZone(`CAST(${sql} AS TIMESTAMP)`, fromZone, toZone);
  return type.kind === 'date' ? `CAST(${sql} AS DATE)` : moved;
}

/** The same moment as clocks of another zone show it. */
export function moveZone(sql: string, from: string, to: string): string {
  return from === to ? sql : `((${sql} AT TIME ZONE '${from}') AT TIME ZONE '${to}')`;
}

function isNumberLike(type: SqlType): boolean {
  return isInteger(type) || ['double', 'decimal', 'boolean'].includes(type.kind);
}

function betweenNumbers({ sql, type: from }: Typed, type: SqlType, safe: boolean): string {
  // Presto rounds half away from zero, DuckDB's cast half to even.
  const rounded = from.kind === 'double' && isInteger(type) ? `round(${sql})` : sql;
  return plainCast(rounded, type, safe);
}

function betweenArrays({ sql, type: from }: Typed, type: SqlType, safe: boolean): string | undefined {
  if (from.kind !== 'array' || type.kind !== 'array') return undefined;
  const element = castValue({ sql: 'e', type: from.element }, type.element, safe);
  return element === undefined ? undefined : `list_transform(${sql}, lambda e: ${element.sql})`;
}

/** The values as the type they have in common, or undefined. */
export function unify(values: readonly Typed[]): { values: Typed[]; type: SqlType } | undefined {
  let type: SqlType | undefined = values[0]?.type;
  for (const value of values) type = type === undefined ? undefined : commonType(type, value.type);
  if (type === undefined) return undefined;
  const same: Typed[] = [];
  for (const value of values) {
    const coerced = coerce(value, type);
    if (coerced === undefined) return undefined;
    same.push(coerced);
  }
  return { values: same, type };
}

/** A bigint in SQL: a bare `5` would be DuckDB's 32-bit integer. */
export function bigintLiteral(value: bigint | number): Typed {
  return { sql: `(${value}::BIGINT)`, type: BIGINT };
}

/** A double in SQL. */
export function doubleLiteral(text: string): Typed {
  return { sql: `CAST('${text}' AS DOUBLE)`, type: DOUBLE };
}

/**
 * A point in time of whatever the service takes for one: a timestamp, a date, Unix seconds, or a text.
 * Undefined for anything else.
 */
export function toMoment(value: Typed): Typed | undefined {
  if (isTimestamp(value.type)) return value;
  if (isInteger(value.type) || value.type.kind === 'double') return fromUnixSeconds(value.sql);
  if (value.type.kind === 'decimal') return fromUnixSeconds(`CAST(${value.sql} AS DOUBLE)`);
  const known = sameType(value.type, VARCHAR) || value.type.kind === 'date' || value.type.kind === 'unknown';
  return known ? castValue(value, TIMESTAMP) : undefined;
}

/** Unix seconds as the session's clocks show them. */
function fromUnixSeconds(sql: string): Typed {
  return { sql: `sls_from_unixtime(${sql})`, type: TIMESTAMP };
}
