/** A row whose columns may be spelt out as unknown. */
export type Known<T> = { [K in keyof T]?: T[K] | undefined };

/** The row without its unknown columns: absent means "not known", and is never written as a word. */
export function present<T extends object>(row: Known<T>): T {
  const known: Record<string, unknown> = {};
  for (const key in row) {
    const value = row[key];
    if (value !== undefined) known[key] = value;
  }
  return known as T;
}
