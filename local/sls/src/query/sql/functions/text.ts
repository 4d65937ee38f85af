import { overload, overloads, type Translate } from '../compile/call-site.ts';
import { arrayOf, BIGINT, BOOLEAN, mapOf, VARBINARY, VARCHAR } from '../types.ts';

type Table = Readonly<Record<string, Translate>>;

const V1 = [VARCHAR];
const V2 = [VARCHAR, VARCHAR];
const V3 = [VARCHAR, VARCHAR, VARCHAR];

const text = (params: typeof V1, sql: (...args: string[]) => string) =>
  overloads(overload(params, VARCHAR, sql));

/** Texts joined; arrays too. NULL makes the whole NULL. */
const concat: Translate = (site) => {
  if (site.count < 2) return site.refuse();
  if (site.typed(0).type.kind === 'array') {
    let joined = site.call.args[0] ?? site.refuse();
    for (const right of site.call.args.slice(1)) {
      joined = { kind: 'binary', at: site.call.at, operator: '||', left: joined, right };
    }
    return site.compile(joined);
  }
  return {
    sql: `(${site
      .all()
      .map((_, at) => site.as(at, VARCHAR))
      .join(' || ')})`,
    type: VARCHAR,
  };
};

/** From position 1; a negative one counts from the end; 0 gives nothing. */
const substr: Translate = overloads(
  overload([VARCHAR, BIGINT], VARCHAR, (x, from) => `sls_substr(${x}, ${from}, length(${x}))`),
  overload([VARCHAR, BIGINT, BIGINT], VARCHAR, (x, from, length) => `sls_substr(${x}, ${from}, ${length})`),
);

const split: Translate = overloads(
  overload(V2, arrayOf(VARCHAR), (x, by) => `string_split(${x}, ${by})`),
  overload(
    [VARCHAR, VARCHAR, BIGINT],
    arrayOf(VARCHAR),
    (x, by, limit) => `sls_split(${x}, ${by}, ${limit})`,
  ),
);

const strpos: Translate = overloads(
  overload(V2, BIGINT, (x, part) => `strpos(${x}, ${part})`),
  overload([VARCHAR, VARCHAR, BIGINT], BIGINT, (x, part, nth) => `sls_strpos(${x}, ${part}, ${nth})`),
);

const isBytes = (types: { kind: string }) => types.kind === 'varbinary';

const length: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  if (isBytes(site.typed(0).type)) return { sql: `octet_length(${site.as(0, VARBINARY)})`, type: BIGINT };
  return { sql: `length(${site.as(0, VARCHAR)})`, type: BIGINT };
};

const reverse: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  const { type, sql } = site.typed(0);
  return type.kind === 'array'
    ? { sql: `list_reverse(${sql})`, type }
    : { sql: `reverse(${site.as(0, VARCHAR)})`, type: VARCHAR };
};

/** Like Java's, but `$1` of a replacement is DuckDB's `\1`. */
const regexpReplace: Translate = overloads(
  overload(V2, VARCHAR, (x, pattern) => `regexp_replace(${x}, ${pattern}, '', 'g')`),
  overload(V3, VARCHAR, (x, pattern, by) => {
    const rewritten = `regexp_replace(replace(${by}, '\\', '\\\\'), '\\$(\\d)', '\\\\\\1', 'g')`;
    return `regexp_replace(${x}, ${pattern}, ${rewritten}, 'g')`;
  }),
);

/** Without a match NULL, where DuckDB has an empty text. */
const regexpExtract: Translate = (site) => {
  const [x, pattern] = [site.as(0, VARCHAR), site.as(1, VARCHAR)];
  if (site.count > 3) return site.refuse();
  const group = site.count === 3 ? `, ${groupNumber(site.literal(2), site)}` : '';
  return {
    sql: `CASE WHEN regexp_matches(${x}, ${pattern}) THEN regexp_extract(${x}, ${pattern}${group}) END`,
    type: VARCHAR,
  };
};

const regexpExtractAll: Translate = (site) => {
  const [x, pattern] = [site.as(0, VARCHAR), site.as(1, VARCHAR)];
  if (site.count > 3) return site.refuse();
  const group = site.count === 3 ? `, ${groupNumber(site.literal(2), site)}` : '';
  return { sql: `regexp_extract_all(${x}, ${pattern}${group})`, type: arrayOf(VARCHAR) };
};

function groupNumber(literal: string, site: Parameters<Translate>[0]): string {
  return /^\d$/.test(literal) ? literal : site.fail('the number of a group is from 0 to 9');
}

const bytes = (sql: (x: string) => string) => overloads(overload([VARBINARY], VARBINARY, sql));

export const TEXT: Table = {
  chr: text([BIGINT], (x) => `chr(CAST(${x} AS INTEGER))`),
  codepoint: overloads(overload(V1, BIGINT, (x) => `unicode(${x})::BIGINT`)),
  concat,
  ends_with: overloads(overload(V2, BOOLEAN, (x, end) => `ends_with(${x}, ${end})`)),
  from_base: overloads(overload([VARCHAR, BIGINT], BIGINT, (x, radix) => `sls_from_base(${x}, ${radix})`)),
  from_base64: overloads(overload(V1, VARBINARY, (x) => `from_base64(${x})`)),
  from_hex: overloads(overload(V1, VARBINARY, (x) => `unhex(${x})`)),
  from_utf8: text([VARBINARY], (x) => `decode(${x})`),
  hamming_distance: overloads(overload(V2, BIGINT, (x, y) => `hamming(${x}, ${y})`)),
  length,
  levenshtein_distance: overloads(overload(V2, BIGINT, (x, y) => `levenshtein(${x}, ${y})`)),
  lower: text(V1, (x) => `lower(${x})`),
  lpad: text(
    [VARCHAR, BIGINT, VARCHAR],
    (x, size, pad) => `lpad(${x}, CAST(sls_size(${size}, 1000000) AS INTEGER), ${pad})`,
  ),
  ltrim: text(V1, (x) => `ltrim(${x})`),
  md5: bytes((x) => `unhex(md5(${x}))`),
  normalize: text(V1, (x) => `nfc_normalize(${x})`),
  regexp_extract: regexpExtract,
  regexp_extract_all: regexpExtractAll,
  regexp_like: overloads(overload(V2, BOOLEAN, (x, pattern) => `regexp_matches(${x}, ${pattern})`)),
  regexp_replace: regexpReplace,
  regexp_split: overloads(
    overload(V2, arrayOf(VARCHAR), (x, pattern) => `regexp_split_to_array(${x}, ${pattern})`),
  ),
  replace: overloads(
    overload(V2, VARCHAR, (x, part) => `replace(${x}, ${part}, '')`),
    overload(V3, VARCHAR, (x, part, by) => `replace(${x}, ${part}, ${by})`),
  ),
  reverse,
  rpad: text(
    [VARCHAR, BIGINT, VARCHAR],
    (x, size, pad) => `rpad(${x}, CAST(sls_size(${size}, 1000000) AS INTEGER), ${pad})`,
  ),
  rtrim: text(V1, (x) => `rtrim(${x})`),
  sha1: bytes((x) => `unhex(sha1(${x}))`),
  sha256: bytes((x) => `unhex(sha256(${x}))`),
  split,
  split_part: text(
    [VARCHAR, VARCHAR, BIGINT],
    (x, by, part) => `list_extract(string_split(${x}, ${by}), sls_positive(${part}))`,
  ),
  split_to_map: overloads(
    overload(V3, mapOf(VARCHAR, VARCHAR), (x, by, between) => `sls_split_to_map(${x}, ${by}, ${between})`),
  ),
  starts_with: overloads(overload(V2, BOOLEAN, (x, start) => `starts_with(${x}, ${start})`)),
  strpos,
  substr,
  substring: substr,
  to_base64: text([VARBINARY], (x) => `to_base64(${x})`),
  to_hex: text([VARBINARY], (x) => `hex(${x})`),
  to_utf8: overloads(overload(V1, VARBINARY, (x) => `encode(${x})`)),
  trim: text(V1, (x) => `trim(${x})`),
  typeof: (site) => ({ sql: `'${site.nameOfArgument(0)}'`, type: VARCHAR }),
  upper: text(V1, (x) => `upper(${x})`),
  url_decode: text(V1, (x) => `url_decode(replace(${x}, '+', ' '))`),
  url_encode: text(V1, (x) => `url_encode(${x})`),
  url_extract_fragment: text(V1, (x) => `nullif(regexp_extract(${x}, '#(.*)$', 1), '')`),
  url_extract_host: text(
    V1,
    (x) => `nullif(regexp_extract(${x}, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)', 1), '')`,
  ),
  url_extract_parameter: text(V2, (x, name) => `sls_url_parameter(${x}, ${name})`),
  url_extract_path: text(
    V1,
    (x) => `regexp_extract(${x}, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)?([^?#]*)', 1)`,
  ),
  url_extract_port: overloads(
    overload(
      V1,
      BIGINT,
      (x) => `TRY_CAST(regexp_extract(${x}, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*:(\\d+)', 1) AS BIGINT)`,
    ),
  ),
  url_extract_protocol: text(V1, (x) => `nullif(regexp_extract(${x}, '^([a-zA-Z][a-zA-Z0-9+.-]*):', 1), '')`),
  url_extract_query: text(V1, (x) => `nullif(regexp_extract(${x}, '\\?([^#]*)', 1), '')`),
};
