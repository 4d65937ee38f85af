import type { CallSite, Lambda } from '../compile/call-site.ts';
import { arrayOf, BOOLEAN, commonType, duckTypeOf } from '../types.ts';
import type { Translate } from './definition.ts';

type Table = Readonly<Record<string, Translate>>;

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
