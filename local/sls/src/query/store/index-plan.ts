import type { IndexConfig, IndexKey } from '../contract.ts';

/** How the words of a text are told apart. */
export interface Tokenizer {
  readonly delimiters: string;
  readonly caseSensitive: boolean;
  /** Chinese characters are words of their own. */
  readonly chinese: boolean;
}

/** One field that the index makes searchable, and the DuckDB column that holds it. */
export interface IndexedField {
  /** As searches and SQL name it: `status`, `labels.platform`, `__tag__:host`. */
  readonly key: string;
  readonly column: string;
  readonly type: 'text' | 'long' | 'double' | 'json';
  /** Whether SQL may use it (`doc_value`). */
  readonly analysed: boolean;
  readonly alias: string | undefined;
  readonly tokenizer: Tokenizer;
  /** Where the value comes from: a field of the log, or a path inside a field that holds JSON. */
  readonly field: string;
  readonly path: readonly string[];
  /** A json field whose other leaves may be searched too. */
  readonly allLeaves: boolean;
}

export interface IndexPlan {
  readonly fields: readonly IndexedField[];
  readonly byKey: ReadonlyMap<string, IndexedField>;
  readonly line: LinePlan | undefined;
  readonly maxTextBytes: number;
}

export interface LinePlan {
  readonly tokenizer: Tokenizer;
  /** Undefined: every field of the log is part of the full text. */
  readonly holds: ((key: string) => boolean) | undefined;
}

/** Analysis cuts text here unless the index says otherwise (up to 16,384 bytes). */
const DEFAULT_MAX_TEXT_BYTES = 2048;
const HIGHEST_MAX_TEXT_BYTES = 16_384;

const EXACT: Tokenizer = { delimiters: '', caseSensitive: true, chinese: false };

/** What the service indexes by itself; it splits neither, so only whole values match. */
const BUILT_IN = ['__topic__', '__source__'] as const;

/** Lays out the columns an index asks for; the order is that of the index. */
export function planIndex(index: IndexConfig): IndexPlan {
  const fields: IndexedField[] = [];
  const add = (field: Omit<IndexedField, 'column'>) => fields.push({ ...field, column: `c${fields.length}` });
  for (const [key, config] of Object.entries(index.keys ?? {})) {
    if (key === '__time__' || BUILT_IN.some((name) => name === key)) continue;
    add(fieldOf(key, config));
    for (const [inner, leaf] of Object.entries(config.type === 'json' ? (config.json_keys ?? {}) : {})) {
      add({
        key: `${key}.${inner}`,
        type: leaf.type,
        analysed: leaf.doc_value !== false,
        alias: leaf.alias || undefined,
        tokenizer: tokenizerOf(config),
        field: key,
        path: inner.split('.'),
        allLeaves: false,
      });
    }
  }
  const byKey = new Map(fields.map((field) => [field.key, field]));
  for (const key of BUILT_IN) {
    const column = key === '__topic__' ? 'topic' : 'source';
    const field: IndexedField = { ...fieldOf(key, { type: 'text' }), column, tokenizer: EXACT };
    byKey.set(key, field);
  }
  return { fields, byKey, line: planLine(index.line), maxTextBytes: maxTextBytes(index) };
}

function fieldOf(key: string, config: IndexKey): Omit<IndexedField, 'column'> {
  return {
    key,
    type: config.type,
    analysed: config.doc_value !== false,
    alias: config.alias || undefined,
    tokenizer: tokenizerOf(config),
    field: key,
    path: [],
    allLeaves: config.type === 'json' && config.index_all === true,
  };
}

function tokenizerOf(config: { token?: string[]; caseSensitive?: boolean; chn?: boolean }): Tokenizer {
  return {
    delimiters: (config.token ?? []).join(''),
    caseSensitive: config.caseSensitive === true,
    chinese: config.chn === true,
  };
}

function planLine(line: IndexConfig['line']): LinePlan | undefined {
  if (line === undefined) return undefined;
  const include = line.include_keys ?? [];
  const exclude = line.exclude_keys ?? [];
  let holds: LinePlan['holds'];
  if (include.length > 0) holds = (key) => include.includes(key);
  else if (exclude.length > 0) holds = (key) => !exclude.includes(key);
  return { tokenizer: tokenizerOf(line), holds };
}

function maxTextBytes(index: IndexConfig): number {
  const asked = index.max_text_len;
  if (asked === undefined || asked <= 0) return DEFAULT_MAX_TEXT_BYTES;
  return Math.min(asked, HIGHEST_MAX_TEXT_BYTES);
}
