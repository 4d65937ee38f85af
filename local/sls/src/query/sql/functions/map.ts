import type { CallSite } from '../compile/call-site.ts';
import { unify } from '../compile/cast.ts';
import type { Typed } from '../compile/context.ts';
import { arrayOf, mapOf } from '../types.ts';
import type { Translate } from './definition.ts';

type Table = Readonly<Record<string, Translate>>;

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
