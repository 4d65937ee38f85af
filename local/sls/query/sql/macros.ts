import { SESSION_OFFSET_SECONDS, SESSION_ZONE } from './time-zone.ts';

/**
 * Functions in DuckDB's own language that the translation of Presto's SQL builds on; made once per engine.
 * A failed cast of a text that begins with `sls:` is how they raise an error: DuckDB's `error()` counts as
 * volatile and could not be inside TRY.
 */
export const MACROS: readonly string[] = [
  macro(
    'sls_bigint(x)',
    `CASE WHEN regexp_full_match(x, '\\s*[+-]?[0-9]+\\s*') THEN CAST(x AS BIGINT)
          WHEN x IS NOT NULL THEN CAST('sls:Cannot cast ''' || x || ''' to BIGINT' AS BIGINT) END`,
  ),
  macro(
    'sls_try_bigint(x)',
    `TRY_CAST(CASE WHEN regexp_full_match(x, '\\s*[+-]?[0-9]+\\s*') THEN x END AS BIGINT)`,
  ),
  macro('sls_divisor(x)', `CASE WHEN x = 0 THEN CAST('sls:Division by zero' AS BIGINT) ELSE x END`),
  macro(
    'sls_from_unixtime(x)',
    `make_timestamp(CAST(round((x + ${SESSION_OFFSET_SECONDS}) * 1000) AS BIGINT) * 1000)`,
  ),
  macro('sls_to_unixtime(x)', `(epoch_us(x) / 1000000.0::DOUBLE - ${SESSION_OFFSET_SECONDS})`),
  // 2017-05-17 09:45:00.848 Asia/Shanghai
  macro(
    'sls_timestamp(x)',
    `CASE WHEN regexp_matches(x, ' [A-Za-z]+(/[A-Za-z_]+)*$')
          THEN (CAST(regexp_replace(x, ' [A-Za-z]+(/[A-Za-z_]+)*$', '') AS TIMESTAMP)
                AT TIME ZONE regexp_extract(x, '[A-Za-z]+(/[A-Za-z_]+)*$')) AT TIME ZONE '${SESSION_ZONE}'
          ELSE CAST(x AS TIMESTAMP) END`,
  ),
  // Java writes doubles from 1E-3 to 1E7 plainly, others as 1.5E10, always with a point.
  macro(
    'sls_exponent(s)',
    `CASE WHEN contains(s, 'e') THEN CAST(split_part(s, 'e', 2) AS INTEGER) ELSE 0 END`,
  ),
  macro('sls_mantissa(s)', `split_part(s, 'e', 1)`),
  macro(
    'sls_scientific(s)',
    `(substr(rtrim(ltrim(replace(sls_mantissa(s), '.', ''), '0'), '0'), 1, 1) || '.'
      || coalesce(nullif(substr(rtrim(ltrim(replace(sls_mantissa(s), '.', ''), '0'), '0'), 2), ''), '0') || 'E'
      || CAST(sls_exponent(s) + CASE
           WHEN NOT starts_with(sls_mantissa(s), '0') THEN length(split_part(sls_mantissa(s), '.', 1)) - 1
           ELSE -1 - (length(split_part(sls_mantissa(s), '.', 2)) - length(ltrim(split_part(sls_mantissa(s), '.', 2), '0')))
         END AS VARCHAR))`,
  ),
  macro(
    'sls_double_text(x)',
    `CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
          WHEN x = 0 OR (abs(x) >= 0.001 AND abs(x) < 10000000) THEN CAST(x AS VARCHAR)
          ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || sls_scientific(CAST(abs(x) AS VARCHAR)) END`,
  ),
  macro('sls_json(x)', `CASE WHEN json_valid(x) THEN x END`),
  macro(
    'sls_json_scalar(x, path)',
    `CASE WHEN json_type(sls_json(x), path) NOT IN ('OBJECT', 'ARRAY', 'NULL')
          THEN json_extract_string(sls_json(x), path) END`,
  ),
  macro(
    'sls_index(a, i)',
    `CASE WHEN i < 1 OR i > len(a) THEN CAST('sls:Array subscript out of bounds' AS BIGINT) ELSE i END`,
  ),
  // The last of equal keys counts, as when a map is filled one by one.
  macro(
    'sls_map(entries)',
    `map_from_entries(list_filter(entries, lambda e, i:
       NOT list_contains(list_transform(list_slice(entries, i + 1, len(entries)), lambda r: r.k), e.k)))`,
  ),
  macro(
    'sls_multimap(entries)',
    `map_from_entries(list_transform(list_distinct(list_transform(entries, lambda r: r.k)), lambda key:
       {k: key, v: list_transform(list_filter(entries, lambda r: r.k = key), lambda r: r.v)}))`,
  ),
];

function macro(head: string, body: string): string {
  return `CREATE MACRO ${head} AS (${body})`;
}
