/**
 * Formats of times: MySQL's (`date_format`, `date_parse`, `time_series`) and Joda's (`format_datetime`,
 * `parse_datetime`), as formats of DuckDB's strftime.
 */

const FROM_MYSQL: Readonly<Record<string, string>> = {
  a: '%a',
  b: '%b',
  c: '%-m',
  d: '%d',
  e: '%-d',
  f: '%f',
  H: '%H',
  h: '%I',
  I: '%I',
  i: '%M',
  j: '%j',
  k: '%-H',
  l: '%-I',
  M: '%B',
  m: '%m',
  p: '%p',
  r: '%I:%M:%S %p',
  S: '%S',
  s: '%S',
  T: '%H:%M:%S',
  v: '%V',
  W: '%A',
  x: '%G',
  Y: '%Y',
  y: '%y',
  '%': '%%',
};

/** Specifiers that MySQL has and Presto refuses. */
const NOT_IN_PRESTO = 'DUuVwX';

/** Undefined if Presto refuses the format. */
export function fromMysqlFormat(format: string): string | undefined {
  let result = '';
  for (let at = 0; at < format.length; at += 1) {
    const char = format.charAt(at);
    if (char !== '%') {
      result += char;
      continue;
    }
    at += 1;
    const specifier = format.charAt(at);
    if (NOT_IN_PRESTO.includes(specifier) && specifier !== '') return undefined;
    // Any other character after % stands for itself.
    result += FROM_MYSQL[specifier] ?? (specifier === '' ? '%%' : specifier);
  }
  return result;
}

const FROM_JODA: Readonly<Record<string, string>> = {
  y: '%Y',
  yy: '%y',
  yyyy: '%Y',
  YYYY: '%Y',
  xxxx: '%G',
  M: '%-m',
  MM: '%m',
  MMM: '%b',
  MMMM: '%B',
  d: '%-d',
  dd: '%d',
  D: '%-j',
  DDD: '%j',
  E: '%a',
  EEE: '%a',
  EEEE: '%A',
  a: '%p',
  H: '%-H',
  HH: '%H',
  h: '%-I',
  hh: '%I',
  m: '%-M',
  mm: '%M',
  s: '%-S',
  ss: '%S',
  SSS: '%g',
  w: '%-V',
  ww: '%V',
};

/** Undefined for patterns that are not among the usual ones. */
export function fromJodaFormat(format: string): string | undefined {
  let result = '';
  const pieces = format.match(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']/g) ?? [];
  if (pieces.join('') !== format) return undefined;
  for (const piece of pieces) {
    if (piece === "''") result += "'";
    else if (piece.startsWith("'")) result += piece.slice(1, -1).replaceAll("''", "'").replaceAll('%', '%%');
    else if (/^[A-Za-z]/.test(piece)) {
      const specifier = FROM_JODA[piece];
      if (specifier === undefined) return undefined;
      result += specifier;
    } else result += piece === '%' ? '%%' : piece;
  }
  return result;
}
