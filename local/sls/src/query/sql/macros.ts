import { SESSION_OFFSET_SECONDS, SESSION_ZONE } from './types.ts';

/**
 * Functions in DuckDB's own language that the translation of Presto's SQL builds on; made once per engine.
 * A failed cast of a text that begins with `sls:` is how they raise an error: DuckDB's `error()` counts as
 * volatile and could not be inside TRY.
 */
export const MACROS: readonly string[] = [
  // In order of first appearance, which DuckDB's list_distinct does not keep.
  macro('sls_distinct(a)', `list_filter(a, lambda e, i: list_position(a, e) = i)`),
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
    `map_from_entries(list_transform(sls_distinct(list_transform(entries, lambda r: r.k)), lambda key:
       {k: key, v: list_transform(list_filter(entries, lambda r: r.k = key), lambda r: r.v)}))`,
  ),
  macro('sls_cbrt(x)', `CASE WHEN pow(round(cbrt(x)), 3) = x THEN round(cbrt(x)) ELSE cbrt(x) END`),
  macro('sls_nan(x)', `CASE WHEN x IS NOT NULL THEN CAST('NaN' AS DOUBLE) END`),
  macro(
    'sls_size(n, max_n)',
    `CASE WHEN n > max_n THEN CAST('sls:the result is too long' AS BIGINT) ELSE n END`,
  ),
  macro(
    'sls_positive(n)',
    `CASE WHEN n < 1 THEN CAST('sls:Index must be greater than zero' AS BIGINT) ELSE n END`,
  ),
  macro(
    'sls_substr(x, start, size)',
    `CASE WHEN start > 0 AND size > 0 THEN substring(x, start, size)
          WHEN start < 0 AND size > 0 AND length(x) + start >= 0 THEN substring(x, length(x) + start + 1, size)
          WHEN x IS NOT NULL AND start IS NOT NULL AND size IS NOT NULL THEN '' END`,
  ),
  macro(
    'sls_split(x, part, max_n)',
    `CASE WHEN len(string_split(x, part)) <= max_n THEN string_split(x, part)
          ELSE list_append(list_slice(string_split(x, part), 1, sls_positive(max_n) - 1),
                           array_to_string(list_slice(string_split(x, part), max_n, len(string_split(x, part))), part)) END`,
  ),
  macro(
    'sls_strpos(x, part, nth)',
    `CASE WHEN len(string_split(x, part)) <= nth THEN 0
          ELSE length(array_to_string(list_slice(string_split(x, part), 1, sls_positive(nth)), part)) + 1 END::BIGINT`,
  ),
  macro(
    'sls_split_to_map(x, part, middle)',
    `sls_map(list_transform(list_filter(string_split(x, part), lambda p: contains(p, middle)),
       lambda p: {'k': split_part(p, middle, 1), 'v': substring(p, strpos(p, middle) + length(middle))}))`,
  ),
  macro(
    'sls_from_base(x, radix)',
    `list_reduce(list_transform(string_split(lower(x), ''), lambda c:
       CASE WHEN strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) BETWEEN 1 AND radix
            THEN strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1
            ELSE CAST('sls:Not a valid number of that base: ' || x AS BIGINT) END), lambda a, d: a * radix + d)`,
  ),
  macro(
    'sls_url_parameter(x, name)',
    `url_decode(substring(list_filter(string_split(regexp_extract(x, '\\?([^#]*)', 1), '&'),
       lambda p: starts_with(p, name || '='))[1], length(name) + 2))`,
  ),
  macro('sls_json_parse(x)', `CASE WHEN json_valid(x) THEN json(x) END`),
  macro(
    'sls_json_array_get(j, i)',
    `CASE json_type(j, '$[' || CASE WHEN i < 0 THEN '#' ELSE '' END || i || ']')
       WHEN 'NULL' THEN NULL
       ELSE json_extract_string(j, '$[' || CASE WHEN i < 0 THEN '#' ELSE '' END || i || ']') END`,
  ),
  macro(
    'sls_sequence(low, high, step)',
    `CASE WHEN abs((high - low) // sls_divisor(step)) >= 10000
          THEN CAST(CAST('sls:result of sequence function must not have more than 10000 entries' AS BIGINT) AS BIGINT[])
          ELSE generate_series(low, high, step) END`,
  ),
  macro(
    'sls_slice(a, start, size)',
    `CASE WHEN start > 0 THEN list_slice(a, start, start + size - 1)
          WHEN start < 0 AND len(a) + start >= 0 THEN list_slice(a, len(a) + start + 1, len(a) + start + size)
          ELSE list_slice(a, 1, 0) END`,
  ),
  // 2020-05-03T17:30:08Z, 2020-05-03 17:30:08+08:00; without a zone the session's is meant.
  macro(
    'sls_iso_timestamp(x)',
    `CASE WHEN regexp_matches(x, '(Z|[+-][0-9]{2}:?[0-9]{2})$')
          THEN CAST(x AS TIMESTAMPTZ) AT TIME ZONE '${SESSION_ZONE}' ELSE CAST(x AS TIMESTAMP) END`,
  ),
];

function macro(head: string, body: string): string {
  return `CREATE MACRO ${head} AS (${body})`;
}
