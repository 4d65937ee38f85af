import { QueryRefused } from '../contract.ts';

/**
 * Refuses a SQL statement.
 * @throws QueryRefused ParameterInvalid, always
 */
export function refuseSql(message: string): never {
  throw new QueryRefused('ParameterInvalid', message);
}

/** Where in the SQL text something stands, the way the service says it: `line 1:10`. */
export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
