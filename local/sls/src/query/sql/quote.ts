/** Quotes a text for SQL. DuckDB takes no NUL in a literal. */
export function quoteText(text: string): string {
  if (!text.includes('\0')) return `'${text.replaceAll("'", "''")}'`;
  return `(${text.split('\0').map(quoteText).join(' || chr(0) || ')})`;
}
