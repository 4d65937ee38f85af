import type { FieldTable, RowOf } from './field-table.ts';

/** A row as ordered key and text pairs, in the order of its table; what is absent is left out. */
export function toContents<T extends FieldTable>(fields: T, row: RowOf<T>): [key: string, value: string][] {
  const contents: [string, string][] = [];
  for (const key of Object.keys(fields)) {
    const value = row[key as keyof T];
    if (value !== undefined) contents.push([key, String(value)]);
  }
  return contents;
}
