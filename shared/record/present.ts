/** A row whose columns may be spelt out as unknown. */
export type Known<T> = { [K in keyof T]?: T[K] | undefined };

/**
 * One row of the columns that are known: absent means "not known", and is never written as a word. Of a column
 * given twice the later value counts.
 */
export function present<T extends object>(...parts: readonly Known<T>[]): T {
  const row: Record<string, unknown> = {};
  for (const part of parts) {
    for (const column in part) {
      const value = part[column];
      if (value !== undefined) row[column] = value;
    }
  }
  return row as T;
}
