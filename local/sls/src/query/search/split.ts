/** The two parts of a query: what stands before the first `|` that is not in quotes, and what stands after it. */
export function splitQuery(query: string): { search: string; sql: string | undefined } {
  let quoted = false;
  for (let at = 0; at < query.length; at += 1) {
    const char = query[at];
    if (char === '\\' && query[at + 1] === '"') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === '|' && !quoted) {
      return { search: query.slice(0, at).trim(), sql: query.slice(at + 1).trim() };
    }
  }
  return { search: query.trim(), sql: undefined };
}
