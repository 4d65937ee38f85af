/**
 * A text as a literal of SLS SQL: the one way in which a value gets into a query. Nothing but a single quote ends
 * such a literal, and two of them are one: no backslash, no comment mark and no line break means anything in it.
 *
 * Whoever puts the result into a longer text by `replace` has to give a function: in a replacement that is a text,
 * `$'` and its like mean parts of what is replaced.
 */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
