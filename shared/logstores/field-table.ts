/**
 * A field table describes one logstore: every column, its SLS index type, what it means and where it comes from. The
 * row type, the SLS index and the data dictionary are derived from it, so a field is named in one place only.
 */

/** SLS index types in use. A `json` field travels as JSON text and is indexed by its leaf paths. */
type FieldType = 'text' | 'long' | 'json';

export interface Field {
  readonly type: FieldType;
  /** One sentence for the data dictionary, with the unit where there is one. */
  readonly meaning: string;
  /** Where the value comes from: a member of the service's answer, the registration, or our own derivation. */
  readonly source: string;
  /** The text may be Chinese, which the index has to segment. */
  readonly chinese?: true;
}

export type FieldTable = Readonly<Record<string, Field>>;

const ofType =
  <T extends FieldType>(type: T) =>
  (meaning: string, source: string) => ({ type, meaning, source });

export const text = ofType('text');
export const long = ofType('long');
export const json = ofType('json');
/** Text that may be Chinese. */
export const chinese = (meaning: string, source: string) =>
  ({ ...text(meaning, source), chinese: true }) as const;

/** A row as we handle it: longs are numbers, everything else is text, absent means "not known". */
export type RowOf<T extends FieldTable> = {
  [K in keyof T]?: T[K]['type'] extends 'long' ? number : string;
};

/** A row as key and text pairs in the order of its table; absent fields are left out. */
export function toContents<T extends FieldTable>(fields: T, row: RowOf<T>): [key: string, value: string][] {
  const contents: [string, string][] = [];
  for (const key of Object.keys(fields)) {
    const value = row[key as keyof T];
    if (value !== undefined) contents.push([key, String(value)]);
  }
  return contents;
}

/** The values of a closed list in prose: "a, b or c". */
export function oneOf(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** The values of a closed list, each with its explanation: "a (why), b (why)". */
export function explained(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([value, explanation]) => `${value} (${explanation})`)
    .join(', ');
}
