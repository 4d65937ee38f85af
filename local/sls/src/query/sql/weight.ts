import type { Expr, Query } from './ast.ts';
import { refuseSql } from './lexer.ts';

/**
 * Some translations write an argument down more than once. Nested deeply enough, a short statement would become
 * one that DuckDB cannot even read in time, so what it will grow to is estimated first.
 */
const COPIES: Readonly<Record<string, number>> = {
  cast: 12,
  subscript: 3,
  greatest: 2,
  least: 2,
  regexp_extract: 2,
  split: 6,
  split_part: 2,
  split_to_map: 2,
  strpos: 4,
  substr: 5,
  substring: 5,
  concat: 1,
  array_join: 12,
  json_array_get: 3,
  json_extract_scalar: 6,
  json_extract_long: 8,
  json_extract_double: 6,
  json_extract_bool: 6,
  json_size: 6,
  ln: 4,
  log2: 4,
  log10: 4,
  sqrt: 3,
  cbrt: 5,
  acos: 3,
  asin: 3,
  random: 2,
  rand: 2,
  width_bucket: 4,
  bit_count: 2,
  round: 1,
  slice: 5,
  sequence: 5,
  array_distinct: 2,
  array_except: 2,
  array_intersect: 2,
  array_union: 2,
  zip: 3,
  zip_with: 3,
  map_agg: 3,
  multimap_agg: 4,
  set_agg: 1,
  compare: 20,
  ts_compare: 20,
  window_funnel: 8,
  arrays_overlap: 1,
  transform_values: 2,
  transform_keys: 2,
  map_filter: 2,
  reduce: 3,
  url_extract_parameter: 2,
  date_format: 1,
};

const MAX_WEIGHT = 200_000;

/**
 * Refuses a statement whose translation would be huge.
 * @throws QueryRefused ParameterInvalid
 */
export function checkWeight(query: Query): void {
  weigh(query);
}

function weigh(node: unknown): number {
  let sum = 1;
  if (Array.isArray(node)) {
    for (const item of node) sum += weigh(item);
  } else if (typeof node === 'object' && node !== null) {
    for (const part of Object.values(node)) if (typeof part === 'object') sum += weigh(part);
    sum *= copiesOf(node as Expr);
  }
  if (sum > MAX_WEIGHT) refuseSql('the statement is too complex');
  return sum;
}

function copiesOf(node: Expr): number {
  if (node.kind === 'call') return COPIES[node.name] ?? 1;
  if (node.kind === 'binary') return node.operator === '/' || node.operator === '%' ? 2 : 1;
  if (node.kind === 'case') return node.operand === undefined ? 1 : node.branches.length;
  if ((node.kind as string) === 'unnest') return 3;
  return COPIES[node.kind] ?? 1;
}
