/**
 * Quotes a text as a literal of SLS SQL: the only way to put a value into a query. Only a single quote ends such a
 * literal, and two of them stand for one: backslashes, comment marks and line breaks have no meaning in it.
 *
 * To insert the result by `replace`, pass a function: in a replacement text, `$'` and the like are patterns.
 */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
