import type { CallSite, Lambda, Translate } from '../compile/call-site.ts';
import { castValue, unify } from '../compile/cast.ts';
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  commonType,
  DOUBLE,
  duckTypeOf,
  isInteger,
  mapOf,
  type SqlType,
  type Typed,
  VARCHAR,
} from '../types.ts';

type Table = Readonly<Record<string, Translate>>;

/** An array and a value of its elements' type. */
function arrayAndElement(site: CallSite): { list: string; element: SqlType; value: string } {
  site.takes(2);
  const { element } = site.array(0);
  const common = commonType(element, site.typed(1).type) ?? site.refuse();
  return { list: site.as(0, arrayOf(common)), element: common, value: site.as(1, common) };
}

function twoArrays(site: CallSite): { left: string; right: string; type: SqlType } {
  site.takes(2);
  if (site.typed(0).type.kind !== 'array') site.refuse();
  const { values, type } = unify(site.all()) ?? site.refuse();
  return { left: values[0]?.sql ?? '', right: values[1]?.sql ?? '', type };
}

/** A function of an array that gives an array of the same type. */
function reshaping(sql: (list: string) => string): Translate {
  return (site) => {
    site.takes(1);
    const { sql: list, element } = site.array(0);
    return { sql: sql(list), type: arrayOf(element) };
  };
}

function elementOf(sql: (list: string) => string): Translate {
  return (site) => {
    site.takes(1);
    const { sql: list, element } = site.array(0);
    return { sql: sql(list), type: element };
  };
}

const cardinality: Translate = (site) => {
  site.takes(1);
  const { type, sql } = site.typed(0);
  if (type.kind === 'array') return { sql: `len(${sql})`, type: BIGINT };
  return { sql: `CAST(cardinality(${site.map(0).sql}) AS BIGINT)`, type: BIGINT };
};

/** NULL where there is none; arrays from the end with a negative index. */
const elementAt: Translate = (site) => {
  site.takes(2);
  const { type, sql } = site.typed(0);
  if (type.kind === 'array')
    return { sql: `list_extract(${sql}, ${site.as(1, BIGINT)})`, type: type.element };
  const { key, value } = site.map(0);
  return { sql: `map_extract_value(${sql}, ${site.as(1, key)})`, type: value };
};

const join: Translate = (site) => {
  site.takes(2, 3);
  const texts = castValue(site.typed(0), arrayOf(VARCHAR)) ?? site.refuse();
  const e = site.fresh('p');
  const missing = site.count === 3 ? `coalesce(${e}, ${site.as(2, VARCHAR)})` : e;
  const kept = `list_filter(list_transform(${texts.sql}, lambda ${e}: ${missing}), lambda ${e}: ${e} IS NOT NULL)`;
  return { sql: `array_to_string(${kept}, ${site.as(1, VARCHAR)})`, type: VARCHAR };
};

/** Ascending, NULL last; or with a comparison `(x, y) -> if(x < y, -1, …)`. */
const sort: Translate = (site) => {
  if (site.count === 1) return reshaping((list) => `list_sort(${list}, 'ASC', 'NULLS LAST')`)(site);
  return site.fail('array_sort with a comparison is not supported');
};

const sequence: Translate = (site) => {
  site.takes(2, 3);
  if (!isInteger(site.typed(0).type)) return site.refuse();
  const [start, stop] = [site.as(0, BIGINT), site.as(1, BIGINT)];
  const step = site.count === 3 ? site.as(2, BIGINT) : `CASE WHEN ${start} <= ${stop} THEN 1 ELSE -1 END`;
  return { sql: `sls_sequence(${start}, ${stop}, ${step})`, type: arrayOf(BIGINT) };
};

const slice: Translate = (site) => {
  site.takes(3);
  const { sql: list, element } = site.array(0);
  return { sql: `sls_slice(${list}, ${site.as(1, BIGINT)}, ${site.as(2, BIGINT)})`, type: arrayOf(element) };
};

const sum: Translate = (site) => {
  site.takes(1);
  const type = isInteger(site.array(0).element) ? BIGINT : DOUBLE;
  return { sql: `CAST(coalesce(list_sum(${site.as(0, arrayOf(type))}), 0) AS ${duckTypeOf(type)})`, type };
};

const average: Translate = (site) => {
  site.takes(1);
  return { sql: `list_avg(${site.as(0, arrayOf(DOUBLE))})`, type: DOUBLE };
};

const flatten: Translate = (site) => {
  site.takes(1);
  const { sql: list, element } = site.array(0);
  return element.kind === 'array' ? { sql: `flatten(${list})`, type: element } : site.refuse();
};

const repeat: Translate = (site) => {
  site.takes(2);
  const { sql: value, type } = site.typed(0);
  return {
    sql: `list_transform(range(sls_size(${site.as(1, BIGINT)}, 10000)), lambda ${site.fresh('p')}: ${value})`,
    type: arrayOf(type),
  };
};

/** Pairs; the shorter array is filled with NULL. */
const zip: Translate = (site) => {
  if (site.count < 2) return site.refuse();
  const lists = site.all().map((_, at) => site.array(at));
  const longest = `greatest(${lists.map((list) => `len(${list.sql})`).join(', ')})`;
  const i = site.fresh('p');
  const fields = lists.map((list, at) => `'f${at}': list_extract(${list.sql}, ${i})`);
  const row = {
    kind: 'row',
    fields: lists.map((list) => ({ name: undefined, type: list.element })),
  } as const;
  return {
    sql: `list_transform(range(1, ${longest} + 1), lambda ${i}: {${fields.join(', ')}})`,
    type: arrayOf(row),
  };
};

function setOperation(sql: (left: string, right: string, e: string) => string): Translate {
  return (site) => {
    const { left, right, type } = twoArrays(site);
    return { sql: sql(left, right, site.fresh('p')), type };
  };
}

/** Functions of arrays, and those that arrays share with maps. */
export const ARRAY_FUNCTIONS: Table = {
  array_average: average,
  array_distinct: reshaping((list) => `sls_distinct(${list})`),
  array_except: setOperation(
    (a, b, e) => `list_filter(sls_distinct(${a}), lambda ${e}: NOT list_contains(${b}, ${e}))`,
  ),
  array_intersect: setOperation(
    (a, b, e) => `list_filter(sls_distinct(${a}), lambda ${e}: list_contains(${b}, ${e}))`,
  ),
  array_join: join,
  array_max: elementOf((list) => `list_max(${list})`),
  array_min: elementOf((list) => `list_min(${list})`),
  array_position: (site) => {
    const { list, value } = arrayAndElement(site);
    return { sql: `CAST(coalesce(list_position(${list}, ${value}), 0) AS BIGINT)`, type: BIGINT };
  },
  array_remove: (site) => {
    const { list, element, value } = arrayAndElement(site);
    const e = site.fresh('p');
    return { sql: `list_filter(${list}, lambda ${e}: ${e} <> ${value})`, type: arrayOf(element) };
  },
  array_sort: sort,
  array_sum: sum,
  array_union: setOperation((a, b) => `sls_distinct(list_concat(${a}, ${b}))`),
  arrays_overlap: (site) => {
    const { left, right } = twoArrays(site);
    return { sql: `list_has_any(${left}, ${right})`, type: BOOLEAN };
  },
  cardinality,
  contains: (site) => {
    const { list, value } = arrayAndElement(site);
    return { sql: `list_contains(${list}, ${value})`, type: BOOLEAN };
  },
  element_at: elementAt,
  flatten,
  repeat,
  sequence,
  slice,
  zip,
};

const map: Translate = (site) => {
  if (site.count === 0) return { sql: 'MAP {}', type: mapOf({ kind: 'unknown' }, { kind: 'unknown' }) };
  site.takes(2);
  const [keys, values] = [site.array(0), site.array(1)];
  return { sql: `MAP(${keys.sql}, ${values.sql})`, type: mapOf(keys.element, values.element) };
};

const mapConcat: Translate = (site) => {
  if (site.count < 2 || site.typed(0).type.kind !== 'map') return site.refuse();
  const { values, type } = unify(site.all()) ?? site.refuse();
  return { sql: `map_concat(${values.map((value) => value.sql).join(', ')})`, type };
};

/** A map made of the entries of another; `body` makes one entry of the old key and value. */
function rebuilt(site: CallSite, body: (key: Typed, value: Typed) => { key: Typed; value: Typed }): Typed {
  const { sql, key, value } = site.map(0);
  const e = site.fresh('p');
  const made = body({ sql: `${e}.key`, type: key }, { sql: `${e}.value`, type: value });
  const entry = `{'k': ${made.key.sql}, 'v': ${made.value.sql}}`;
  const entries = `list_transform(map_entries(${sql}), lambda ${e}: ${entry})`;
  return { sql: `map_from_entries(${entries})`, type: mapOf(made.key.type, made.value.type) };
}

const transformValues: Translate = (site) => {
  site.takes(2);
  return rebuilt(site, (key, value) => ({ key, value: site.inline(1, [key, value]) }));
};

const transformKeys: Translate = (site) => {
  site.takes(2);
  return rebuilt(site, (key, value) => ({ key: site.inline(1, [key, value]), value }));
};

const mapFilter: Translate = (site) => {
  site.takes(2);
  const { sql, key, value } = site.map(0);
  const e = site.fresh('p');
  const entry = [
    { sql: `${e}.key`, type: key },
    { sql: `${e}.value`, type: value },
  ];
  const keep = site.inline(1, entry);
  if (keep.type.kind !== 'boolean') return site.refuse();
  const kept = `list_filter(map_entries(${sql}), lambda ${e}: ${keep.sql})`;
  return { sql: `map_from_entries(${kept})`, type: mapOf(key, value) };
};

const mapEntries: Translate = (site) => {
  site.takes(1);
  const { sql, key, value } = site.map(0);
  const fields = [key, value].map((type) => ({ name: undefined, type }));
  const rows = `list_transform(map_entries(${sql}), lambda e: {'f0': e.key, 'f1': e.value})`;
  return { sql: rows, type: arrayOf({ kind: 'row', fields }) };
};

/** Functions of maps. */
export const MAP_FUNCTIONS: Table = {
  map,
  map_concat: mapConcat,
  map_entries: mapEntries,
  map_filter: mapFilter,
  map_keys: (site) => ({ sql: `map_keys(${site.map(0).sql})`, type: arrayOf(site.map(0).key) }),
  map_values: (site) => ({ sql: `map_values(${site.map(0).sql})`, type: arrayOf(site.map(0).value) }),
  transform_keys: transformKeys,
  transform_values: transformValues,
};

function condition(site: CallSite, lambda: Lambda): Lambda {
  return lambda.type.kind === 'boolean' || lambda.type.kind === 'unknown' ? lambda : site.refuse();
}

const transform: Translate = (site) => {
  site.takes(2);
  const { sql: list, element } = site.array(0);
  const lambda = site.lambda(1, [element]);
  return { sql: `list_transform(${list}, ${lambda.sql})`, type: arrayOf(lambda.type) };
};

const filter: Translate = (site) => {
  site.takes(2);
  const { sql: list, element } = site.array(0);
  const lambda = condition(site, site.lambda(1, [element]));
  return { sql: `list_filter(${list}, ${lambda.sql})`, type: arrayOf(element) };
};

/** True if the condition holds for so many of the elements. */
function matching(sql: (held: string, list: string) => string): Translate {
  return (site) => {
    site.takes(2);
    const { sql: list, element } = site.array(0);
    const lambda = condition(site, site.lambda(1, [element]));
    return { sql: `(${sql(`len(list_filter(${list}, ${lambda.sql}))`, list)})`, type: BOOLEAN };
  };
}

/** `reduce(array, start, (state, x) -> …, state -> …)` */
const reduce: Translate = (site) => {
  site.takes(4);
  const { sql: list, element } = site.array(0);
  const first = site.typed(1);
  const wider = commonType(first.type, site.lambda(2, [first.type, element]).type) ?? site.refuse();
  const step = site.lambda(2, [wider, element]);
  const start = site.as(1, wider);
  // DuckDB wants elements and state of one type: each element goes wrapped, beside a state that is not used.
  const type = duckTypeOf(wider);
  const p = { state: site.fresh('p'), next: site.fresh('p') };
  const body = site.inline(2, [
    { sql: `${p.state}.s`, type: wider },
    { sql: `${p.next}.x`, type: element },
  ]);
  if (commonType(body.type, wider) === undefined || step.type.kind === 'unknown') site.refuse();
  const wrapped = `list_transform(${list}, lambda e: {'s': CAST(NULL AS ${type}), 'x': e})`;
  const made = `{'s': CAST(${body.sql} AS ${type}), 'x': ${p.next}.x}`;
  const begin = `{'s': CAST(${start} AS ${type}), 'x': CAST(NULL AS ${duckTypeOf(element)})}`;
  const folded = `list_reduce(${wrapped}, lambda ${p.state}, ${p.next}: ${made}, ${begin})`;
  const result = site.inline(3, [{ sql: `struct_extract(${folded}, 's')`, type: wider }]);
  return { sql: result.sql, type: result.type };
};

const zipWith: Translate = (site) => {
  site.takes(3);
  const [left, right] = [site.array(0), site.array(1)];
  const i = site.fresh('p');
  const made = site.inline(2, [
    { sql: `list_extract(${left.sql}, ${i})`, type: left.element },
    { sql: `list_extract(${right.sql}, ${i})`, type: right.element },
  ]);
  const longest = `greatest(len(${left.sql}), len(${right.sql}))`;
  return {
    sql: `list_transform(range(1, ${longest} + 1), lambda ${i}: ${made.sql})`,
    type: arrayOf(made.type),
  };
};

/** Functions of arrays that take a lambda. */
export const LAMBDA_FUNCTIONS: Table = {
  all_match: matching((held, list) => `${held} = len(${list})`),
  any_match: matching((held) => `${held} > 0`),
  filter,
  none_match: matching((held) => `${held} = 0`),
  reduce,
  transform,
  zip_with: zipWith,
};
