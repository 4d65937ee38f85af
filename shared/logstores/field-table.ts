/**
 * A field table describes one logstore: every column, its SLS index type, what it means and where it comes
 * from. The row type, the SLS index, the dashboards' columns and the README's data dictionary are derived
 * from it, so a field is named in one place only.
 */

/** SLS index types in use. A `json` field travels as JSON text and is indexed by its leaf paths. */
export type FieldType = 'text' | 'long' | 'json';

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

/** Keeps the literal keys and types of a table, so that `RowOf` can be derived from it. */
export function defineFields<const T extends FieldTable>(table: T): T {
  return table;
}
