import { overload, overloads, type Translate } from '../compile/call-site.ts';
import { castValue } from '../compile/cast.ts';
import { BIGINT, BOOLEAN, DOUBLE, INTEGER, isInteger, isNumeric, VARCHAR } from '../types.ts';

type Table = Readonly<Record<string, Translate>>;

/** A function of doubles. */
function ofDoubles(sql: (...args: string[]) => string, parameters = 1): Translate {
  return overloads(
    overload(
      Array.from({ length: parameters }, () => DOUBLE),
      DOUBLE,
      sql,
    ),
  );
}

function named(name: string): Translate {
  return ofDoubles((x) => `${name}(${x})`);
}

/** Java gives NaN where DuckDB has an error. */
function within(name: string, condition: (x: string) => string): Translate {
  return ofDoubles((x) => `CASE WHEN ${condition(x)} THEN ${name}(${x}) ELSE sls_nan(${x}) END`);
}

/** The logarithm of 0 is -Infinity and of less NaN. */
function logarithm(name: string): Translate {
  return ofDoubles(
    (x) =>
      `CASE WHEN ${x} = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN ${x} > 0 THEN ${name}(${x}) ELSE sls_nan(${x}) END`,
  );
}

/** Whole numbers stay what they are; `sql` is for doubles. */
function keepingIntegers(sql: (x: string) => string): Translate {
  return (site) => {
    if (site.count !== 1) return site.refuse();
    const { type, sql: value } = site.typed(0);
    if (isInteger(type)) return { sql: value, type };
    return { sql: sql(site.as(0, DOUBLE)), type: DOUBLE };
  };
}

const absolute: Translate = (site) => {
  const { type, sql } = site.typed(0);
  if (site.count !== 1 || !isNumeric(type)) return site.refuse();
  return { sql: `abs(${sql})`, type };
};

const round: Translate = (site) => {
  if (site.count === 1) return keepingIntegers((x) => `round(${x})`)(site);
  if (site.count !== 2) return site.refuse();
  const { type, sql } = site.typed(0);
  const digits = `CAST(${site.as(1, BIGINT)} AS INTEGER)`;
  if (isInteger(type)) return { sql: `CAST(round(${sql}, ${digits}) AS BIGINT)`, type };
  return { sql: `round(${site.as(0, DOUBLE)}, ${digits})`, type: DOUBLE };
};

const truncate: Translate = (site) => {
  if (site.count === 1) return keepingIntegers((x) => `trunc(${x})`)(site);
  if (site.count !== 2) return site.refuse();
  const factor = `pow(10.0::DOUBLE, ${site.as(1, BIGINT)})`;
  return { sql: `(trunc(${site.as(0, DOUBLE)} * ${factor}) / ${factor})`, type: DOUBLE };
};

const sign: Translate = (site) => {
  const { type, sql } = site.typed(0);
  if (site.count !== 1 || !isNumeric(type)) return site.refuse();
  return (
    castValue({ sql: `sign(${sql})`, type: INTEGER }, isInteger(type) ? BIGINT : DOUBLE) ?? site.refuse()
  );
};

/** `random()`, `random(n)`: a whole number below n, `random(m, n)`. */
const random: Translate = (site) => {
  if (site.count === 0) return { sql: 'random()', type: DOUBLE };
  if (site.count > 2) return site.refuse();
  const low = site.count === 2 ? site.as(0, BIGINT) : '0::BIGINT';
  const high = site.as(site.count - 1, BIGINT);
  return { sql: `(${low} + CAST(floor(random() * (${high} - ${low})) AS BIGINT))`, type: BIGINT };
};

/** The bucket of a value between two bounds, or in a list of bounds. */
const widthBucket: Translate = (site) => {
  const x = site.as(0, DOUBLE);
  if (site.count === 2) {
    const bins = site.array(1);
    const b = site.fresh('p');
    const below = `list_filter(${bins.sql}, lambda ${b}: ${b} <= ${x})`;
    return { sql: `CASE WHEN ${x} IS NOT NULL THEN len(${below}) END`, type: BIGINT };
  }
  if (site.count !== 4) return site.refuse();
  const [low, high, n] = [site.as(1, DOUBLE), site.as(2, DOUBLE), site.as(3, BIGINT)];
  const inside = `CAST(floor((${x} - ${low}) / (${high} - ${low}) * ${n}) AS BIGINT) + 1`;
  return {
    sql: `CASE WHEN ${x} < ${low} THEN 0 WHEN ${x} >= ${high} THEN ${n} + 1 ELSE ${inside} END`,
    type: BIGINT,
  };
};

const power = ofDoubles((x, y) => `pow(${x}, ${y})`, 2);
const ceiling = keepingIntegers((x) => `ceil(${x})`);
const bits = (sql: (...args: string[]) => string, parameters = 2) =>
  overloads(
    overload(
      Array.from({ length: parameters }, () => BIGINT),
      BIGINT,
      sql,
    ),
  );

export const MATH: Table = {
  abs: absolute,
  acos: within('acos', (x) => `${x} BETWEEN -1 AND 1`),
  asin: within('asin', (x) => `${x} BETWEEN -1 AND 1`),
  atan: named('atan'),
  atan2: ofDoubles((y, x) => `atan2(${y}, ${x})`, 2),
  bitwise_and: bits((x, y) => `(${x} & ${y})`),
  bitwise_not: bits((x) => `(~${x})`, 1),
  bitwise_or: bits((x, y) => `(${x} | ${y})`),
  bitwise_xor: bits((x, y) => `xor(${x}, ${y})`),
  bit_count: bits(
    (x, n) => `bit_count(CASE WHEN ${n} >= 64 THEN ${x} ELSE ${x} & ((1::BIGINT << ${n}) - 1) END)::BIGINT`,
  ),
  cbrt: named('sls_cbrt'),
  ceil: ceiling,
  ceiling,
  cos: named('cos'),
  cosh: named('cosh'),
  degrees: named('degrees'),
  e: ofDoubles(() => 'exp(1.0::DOUBLE)', 0),
  exp: named('exp'),
  floor: keepingIntegers((x) => `floor(${x})`),
  infinity: ofDoubles(() => `CAST('Infinity' AS DOUBLE)`, 0),
  is_finite: overloads(overload([DOUBLE], BOOLEAN, (x) => `isfinite(${x})`)),
  is_infinite: overloads(overload([DOUBLE], BOOLEAN, (x) => `isinf(${x})`)),
  is_nan: overloads(overload([DOUBLE], BOOLEAN, (x) => `isnan(${x})`)),
  ln: logarithm('ln'),
  log: ofDoubles((x, base) => `(ln(${x}) / ln(${base}))`, 2),
  log2: logarithm('log2'),
  log10: logarithm('log10'),
  mod: overloads(
    overload([BIGINT, BIGINT], BIGINT, (x, y) => `(${x} % sls_divisor(${y}))`),
    overload([DOUBLE, DOUBLE], DOUBLE, (x, y) => `(${x} % ${y})`),
  ),
  nan: ofDoubles(() => `CAST('NaN' AS DOUBLE)`, 0),
  pi: ofDoubles(() => 'pi()', 0),
  pow: power,
  power,
  radians: named('radians'),
  rand: random,
  random,
  round,
  sign,
  sin: named('sin'),
  sinh: named('sinh'),
  sqrt: within('sqrt', (x) => `${x} >= 0`),
  tan: named('tan'),
  tanh: named('tanh'),
  to_base: overloads(
    overload([BIGINT, BIGINT], VARCHAR, (x, radix) => `lower(to_base(${x}, CAST(${radix} AS INTEGER)))`),
  ),
  truncate,
  width_bucket: widthBucket,
};
