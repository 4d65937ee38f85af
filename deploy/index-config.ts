import type { Field, FieldTable } from '../shared/logstores/field-table.ts';

/** One key of an SLS index, in the SDK's spelling (`docValue` is `doc_value` on the wire). */
export interface IndexKey {
  readonly type: 'text' | 'long' | 'double' | 'json';
  readonly docValue: boolean;
  readonly caseSensitive?: boolean;
  readonly chn?: boolean;
  readonly token?: readonly string[];
  readonly indexAll?: boolean;
  readonly maxDepth?: number;
}

export interface IndexConfig {
  readonly line: {
    readonly token: readonly string[];
    readonly caseSensitive: boolean;
    readonly chn: boolean;
  };
  readonly keys: Readonly<Record<string, IndexKey>>;
  readonly maxTextLen: number;
}

/** The delimiters that the SLS console proposes for a new index; ids made of letters, digits, - and _ stay whole. */
const TOKENS: readonly string[] = [...`, '";=()[]{}?@&<>/:`, '\n', '\t', '\r'];
/** SQL cuts text beyond this many bytes; 16384 is the most SLS allows (2048 by default). */
const MAX_TEXT_BYTES = 16_384;
/** When SLS received a row: the queue's order and the ledger's `waiting` rest on it. SLS indexes tags as text only. */
const RECEIVE_TIME = '__tag__:__receive_time__';

const text = (chinese: boolean): IndexKey => ({
  type: 'text',
  docValue: true,
  caseSensitive: false,
  chn: chinese,
  token: TOKENS,
});

function keyOf(field: Field): IndexKey {
  if (field.type === 'long') return { type: 'long', docValue: true };
  if (field.type === 'text') return text(field.chinese === true);
  return { ...text(field.chinese === true), type: 'json', indexAll: true, maxDepth: -1 };
}

/** The index of a logstore: every column of its table for search and SQL, the receive time, and the full text. */
export function indexOf(fields: FieldTable, doubles: readonly string[] = []): IndexConfig {
  const chinese = Object.values(fields).some((field) => field.chinese === true);
  return {
    line: { token: TOKENS, caseSensitive: false, chn: chinese },
    keys: {
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, keyOf(field)])),
      ...Object.fromEntries(doubles.map((name) => [name, { type: 'double', docValue: true } as const])),
      [RECEIVE_TIME]: text(false),
    },
    maxTextLen: MAX_TEXT_BYTES,
  };
}
