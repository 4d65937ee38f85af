import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { SqlType } from './types.ts';

/** A value the way the service writes it in a response: everything is text, NULL too. */
export function toText(value: DuckDBValue, type: SqlType): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return javaDouble(value);
  if (
    value instanceof DuckDBListValue ||
    value instanceof DuckDBMapValue ||
    value instanceof DuckDBStructValue
  ) {
    return toJson(value, type);
  }
  return scalarText(value, type);
}

function scalarText(value: DuckDBValue, type: SqlType): string {
  if (value instanceof DuckDBTimestampValue) {
    const text = timestampText(value.micros);
    return type.kind === 'zoned' ? `${text} ${type.zone}` : text;
  }
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBTimeValue) return timeText(value.micros);
  if (value instanceof DuckDBIntervalValue) return intervalText(value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBDecimalValue) return value.toString();
  return String(value);
}

function toJson(value: DuckDBValue, type: SqlType): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof DuckDBListValue) {
    const element: SqlType = type.kind === 'array' ? type.element : { kind: 'unknown' };
    return `[${value.items.map((item) => toJson(item, element)).join(',')}]`;
  }
  if (value instanceof DuckDBMapValue && type.kind === 'map') {
    const entries = value.entries.map(
      (entry) => `${JSON.stringify(toText(entry.key, type.key))}:${toJson(entry.value, type.value)}`,
    );
    return `{${entries.join(',')}}`;
  }
  if (value instanceof DuckDBStructValue && type.kind === 'row') {
    return `[${type.fields.map((field, at) => toJson(value.entries[`f${at}`] ?? null, field.type)).join(',')}]`;
  }
  const text = toText(value, type);
  if (type.kind === 'json') return text;
  const bare =
    typeof value === 'number' ? Number.isFinite(value) : ['bigint', 'boolean'].includes(typeof value);
  return bare || value instanceof DuckDBDecimalValue ? text : JSON.stringify(text);
}

/** `Double.toString` of Java: plain from 1E-3 to 1E7, else scientific; always with a point. */
export function javaDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

function timestampText(micros: bigint): string {
  const millis = Number(micros / 1000n) - (micros % 1000n < 0n ? 1 : 0);
  return new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
}

function timeText(micros: bigint): string {
  return new Date(Number(micros / 1000n)).toISOString().slice(11, 23);
}

/** `3 04:05:06.007` for days and less, `1-2` for years and months. */
function intervalText(value: DuckDBIntervalValue): string {
  if (value.months !== 0) {
    const months = Math.abs(value.months);
    return `${value.months < 0 ? '-' : ''}${Math.floor(months / 12)}-${months % 12}`;
  }
  const millis = BigInt(value.days) * 86_400_000n + value.micros / 1000n;
  const size = millis < 0n ? -millis : millis;
  const day = 86_400_000n;
  return `${millis < 0n ? '-' : ''}${size / day} ${timeText((size % day) * 1000n)}`;
}
