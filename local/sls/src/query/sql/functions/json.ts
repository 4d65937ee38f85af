import type { CallSite, Translate } from '../compile/call-site.ts';
import { BIGINT, BOOLEAN, JSON_TYPE, quoteText, type SqlType, VARCHAR } from '../types.ts';

type Table = Readonly<Record<string, Translate>>;

const STEP = /^(?:\.([^.[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]|\[(\d+)\]|\.?\[\*\]|\.\*)/;

/** A path as DuckDB takes it; its names always quoted. */
function pathOf(site: CallSite, at: number): string {
  const path = site.literal(at);
  const invalid = () => site.fail(`Invalid JSON path: '${path}'`);
  if (!path.startsWith('$')) return invalid();
  let rest = path.slice(1);
  let result = '$';
  while (rest !== '') {
    const step = STEP.exec(rest);
    if (step === null) return invalid();
    const [whole, plain, double, single, index] = step;
    const name = plain ?? double ?? single;
    if (index !== undefined) result += `[${index}]`;
    else if (name !== undefined) result += `."${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    else return site.fail(`JSON path '${path}': wildcards are not supported`);
    rest = rest.slice(whole.length);
  }
  return quoteText(result);
}

/** JSON, or text that holds JSON; text that does not is NULL. */
function document(site: CallSite): string {
  const { type, sql } = site.typed(0);
  if (type.kind === 'json') return sql;
  return `sls_json(${site.as(0, VARCHAR)})`;
}

function withPath(type: SqlType, sql: (json: string, path: string) => string): Translate {
  return (site) => {
    if (site.count !== 2) return site.refuse();
    return { sql: sql(document(site), pathOf(site, 1)), type };
  };
}

const parse: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  return { sql: `sls_json_parse(${site.as(0, VARCHAR)})`, type: JSON_TYPE };
};

const format: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  return { sql: `CAST(${site.as(0, JSON_TYPE)} AS VARCHAR)`, type: VARCHAR };
};

const arrayLength: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  const json = document(site);
  return {
    sql: `CASE WHEN json_type(${json}) = 'ARRAY' THEN json_array_length(${json})::BIGINT END`,
    type: BIGINT,
  };
};

/** The element itself; of a text without its quotes, as the service does it. */
const arrayGet: Translate = (site) => {
  if (site.count !== 2) return site.refuse();
  return { sql: `sls_json_array_get(${document(site)}, ${site.as(1, BIGINT)})`, type: VARCHAR };
};

const arrayContains: Translate = (site) => {
  if (site.count !== 2) return site.refuse();
  const elements = `json_extract(${document(site)}, '$[*]')`;
  const { type, sql } = site.typed(1);
  const wanted = type.kind === 'json' ? sql : `to_json(${sql})`;
  return { sql: `list_contains(${elements}, ${wanted})`, type: BOOLEAN };
};

const isScalar: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  return { sql: `(json_type(${document(site)}) NOT IN ('OBJECT', 'ARRAY'))`, type: BOOLEAN };
};

const size = withPath(
  BIGINT,
  (json, path) =>
    `CASE json_type(${json}, ${path}) WHEN 'ARRAY' THEN json_array_length(${json}, ${path})::BIGINT
      WHEN 'OBJECT' THEN len(json_keys(${json}, ${path})) WHEN 'NULL' THEN NULL ELSE CASE WHEN json_exists(${json}, ${path}) THEN 0 END END`,
);

export const JSON_FUNCTIONS: Table = {
  is_json_scalar: isScalar,
  json_array_contains: arrayContains,
  json_array_get: arrayGet,
  json_array_length: arrayLength,
  json_extract: withPath(JSON_TYPE, (json, path) => `json_extract(${json}, ${path})`),
  json_extract_scalar: withPath(VARCHAR, (json, path) => `sls_json_scalar(${json}, ${path})`),
  json_extract_long: withPath(BIGINT, (json, path) => `sls_try_bigint(sls_json_scalar(${json}, ${path}))`),
  json_extract_double: withPath(
    { kind: 'double' },
    (json, path) => `TRY_CAST(sls_json_scalar(${json}, ${path}) AS DOUBLE)`,
  ),
  json_extract_bool: withPath(
    BOOLEAN,
    (json, path) => `TRY_CAST(sls_json_scalar(${json}, ${path}) AS BOOLEAN)`,
  ),
  json_format: format,
  json_parse: parse,
  json_size: size,
};
