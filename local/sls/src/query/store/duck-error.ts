import { QueryRefused } from '../contract.ts';

const RULES: ReadonlyArray<readonly [pattern: RegExp, message: (match: RegExpExecArray) => string]> = [
  [/Could not convert string 'sls:(.*?)' to INT64/s, (match) => match[1] ?? ''],
  [
    /Could not convert string '(.*?)' to (\w+)/s,
    (match) => `Cannot cast '${match[1]}' to ${prestoName(match[2])}`,
  ],
  [/Out of Memory Error|memory limit/i, () => 'Query exceeded max memory size'],
  [/Overflow in (\w+)/, (match) => `bigint ${match[1]} overflow`],
  [/Malformed JSON/, () => 'Cannot convert value to JSON'],
  [/INTERRUPT/i, () => 'query was cancelled'],
];

/** Turns an error of DuckDB into a refusal that speaks of the query and not of DuckDB. */
export function toRefusal(error: unknown): unknown {
  if (error instanceof QueryRefused) return error;
  const text = messageOf(error);
  if (text === undefined) return error;
  for (const [pattern, message] of RULES) {
    const match = pattern.exec(text);
    if (match !== null) return new QueryRefused('ParameterInvalid', message(match));
  }
  // The rest of the message shows the statement that was made of the query.
  const line = (text.split('\n')[0] ?? '').replace(/^[A-Za-z ]*Error: /, '');
  return new QueryRefused('ParameterInvalid', line);
}

/** Errors of a native module need not be instances of this realm's Error. */
export function messageOf(error: unknown): string | undefined {
  const known = typeof error === 'object' && error !== null && 'message' in error;
  return known && typeof error.message === 'string' ? error.message : undefined;
}

const NAMES: Readonly<Record<string, string>> = { INT64: 'BIGINT', INT32: 'INTEGER', BOOL: 'BOOLEAN' };

function prestoName(name = ''): string {
  return NAMES[name] ?? name;
}
