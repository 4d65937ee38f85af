/** The row without its unknown columns: absent means "not known", and is never written as a word. */
export function present<T extends object>(row: { [K in keyof T]: T[K] | undefined }): T {
  const known: Record<string, unknown> = {};
  for (const key in row) {
    const value = row[key];
    if (value !== undefined) known[key] = value;
  }
  return known as T;
}
