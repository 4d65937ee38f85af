/**
 * A field table describes one logstore: every column, its SLS index type, what it means and where it comes
 * from. The row type, the SLS index, the dashboards' columns and the data dictionary are derived
 * from it, so a field is named in one place only.
 */

/** SLS index types in use. A `json` field travels as JSON text and is indexed by its leaf paths. */
type FieldType = 'text' | 'long' | 'json';

export interface Field {
  readonly type: FieldType;
  /** One sentence for the data dictionary, with the unit where there is one. */
  readonly meaning: string;
  /** Where the value comes from: a member of the service's answer, the registration, or our own working. */
  readonly source: string;
  /** Text that may hold Chinese: the index has to segment it. */
  readonly chinese?: true;
}

export type FieldTable = Readonly<Record<string, Field>>;

/** A row as we handle it: longs are numbers, everything else is text, absent means "not known". */
export type RowOf<T extends FieldTable> = {
  [K in keyof T]?: T[K]['type'] extends 'long' ? number : string;
};

/** A row as ordered key and text pairs, in the order of its table; what is absent is left out. */
export function toContents<T extends FieldTable>(fields: T, row: RowOf<T>): [key: string, value: string][] {
  const contents: [string, string][] = [];
  for (const key of Object.keys(fields)) {
    const value = row[key as keyof T];
    if (value !== undefined) contents.push([key, String(value)]);
  }
  return contents;
}

/** The values of a closed list, as a meaning names them: "a, b or c". */
export function oneOf(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** The same where each has an explanation: "a (why), b (why)". */
export function explained(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([value, explanation]) => `${value} (${explanation})`)
    .join(', ');
}
