import { QueryRefused } from '../contract.ts';
import type { IndexedField, IndexPlan } from '../store/index-plan.ts';
import { SEPARATORS } from '../store/row-text.ts';
import { isNumber, type SearchNode } from './parse.ts';
import type { Keyword } from './reader.ts';
import { holdsPhrase, holdsWord, sqlText, wordsOf } from './words.ts';

export interface CompiledSearch {
  /** A condition over the columns of the log table; never NULL. */
  readonly sql: string;
  readonly terms: Array<{ key: string; term: string }>;
}

/**
 * Turns a search into a condition on the table that `planIndex` laid out.
 * @throws QueryRefused ParameterInvalid when the index does not have what the search asks for
 */
export function compileSearch(node: SearchNode, plan: IndexPlan): CompiledSearch {
  const terms: CompiledSearch['terms'] = [];
  return { sql: new SearchCompiler(plan, terms).compile(node, true), terms };
}

class SearchCompiler {
  readonly #plan: IndexPlan;
  readonly #terms: CompiledSearch['terms'];

  constructor(plan: IndexPlan, terms: CompiledSearch['terms']) {
    this.#plan = plan;
    this.#terms = terms;
  }

  /** @param wanted whether the words are to be highlighted: those under an odd number of `not` are not. */
  compile(node: SearchNode, wanted: boolean): string {
    switch (node.kind) {
      case 'all':
        return 'true';
      case 'and':
      case 'or':
        return `(${this.compile(node.left, wanted)} ${node.kind} ${this.compile(node.right, wanted)})`;
      case 'not':
        return `(NOT ${this.compile(node.inner, !wanted)})`;
      case 'keyword':
        return this.#fullText(node.keyword, wanted);
      case 'field':
        return this.#field(node.key, node.keyword, wanted);
      case 'compare':
        return this.#compare(node, wanted);
      case 'range':
        return this.#range(node);
    }
  }

  #fullText(keyword: Keyword, wanted: boolean): string {
    const { line } = this.#plan;
    if (line === undefined) return this.#anyTextField(keyword, wanted);
    this.#note('', keyword, wanted);
    const column = line.holds === undefined ? 'raw' : 'line';
    if (keyword.phrase) return holdsPhrase(column, keyword.text, line.tokenizer, SEPARATORS);
    const words = wordsOf(keyword, line.tokenizer);
    return allOf(words.map((word) => holdsWord(column, word, line.tokenizer, SEPARATORS)));
  }

  /** Without a full-text index a keyword is looked for in every text field that has an index of its own. */
  #anyTextField(keyword: Keyword, wanted: boolean): string {
    const fields = this.#plan.fields.filter((field) => field.type === 'text');
    if (fields.length === 0) refuse('full text search needs a full text index');
    this.#note('', keyword, wanted);
    return `(${fields.map((field) => textMatch(field, keyword)).join(' OR ')})`;
  }

  #field(key: string, keyword: Keyword, wanted: boolean): string {
    const field = this.#plan.byKey.get(key) ?? this.#shortName(key);
    if (field === undefined) return this.#leaf(key, keyword, wanted);
    if (field.type === 'long' || field.type === 'double') return numberMatch(field, keyword);
    this.#note(key, keyword, wanted);
    return textMatch(field, keyword);
  }

  /** `source` and `topic` are short for the reserved fields, unless the index has fields of those names. */
  #shortName(key: string): IndexedField | undefined {
    return key === 'source' || key === 'topic' ? this.#plan.byKey.get(`__${key}__`) : undefined;
  }

  /** A leaf of a json field whose leaves are all indexed, but that has no index of its own. */
  #leaf(key: string, keyword: Keyword, wanted: boolean): string {
    const parent = this.#plan.fields.find((field) => field.allLeaves && key.startsWith(`${field.key}.`));
    if (parent === undefined) unindexed(key);
    this.#note(key, keyword, wanted);
    const inner = key.slice(parent.key.length + 1);
    const path = `$${inner
      .split('.')
      .map((part) => `."${part.replaceAll('"', '\\"')}"`)
      .join('')}`;
    const valid = `CASE WHEN json_valid(${parent.column}) THEN ${parent.column} END`;
    return textMatch({ ...parent, column: `json_extract_string(${valid}, ${sqlText(path)})` }, keyword);
  }

  #compare(node: Extract<SearchNode, { kind: 'compare' }>, wanted: boolean): string {
    const field = this.#plan.byKey.get(node.key);
    const numeric = field?.type === 'long' || field?.type === 'double';
    if (field !== undefined && numeric && isNumber(node.operand)) {
      return `coalesce(${field.column} ${node.operator} ${sqlNumber(node.operand)}, false)`;
    }
    // As documented: without a numeric index the comparison is a full text search for what was written.
    if (this.#plan.line === undefined) {
      if (field === undefined) unindexed(node.key);
      refuse(
        `key (${node.key}) is not of type long or double: it cannot be compared with '${node.operator}'`,
      );
    }
    const text = `${node.key} ${node.operator} ${node.operand}`;
    return this.#fullText({ text, quoted: true, phrase: false }, wanted);
  }

  #range(node: Extract<SearchNode, { kind: 'range' }>): string {
    const field = this.#plan.byKey.get(node.key);
    if (field === undefined) unindexed(node.key);
    if (field.type !== 'long' && field.type !== 'double') {
      refuse(`key (${node.key}) is not of type long or double: 'in' takes a range of numbers`);
    }
    const low = `${field.column} ${node.low.inclusive ? '>=' : '>'} ${sqlNumber(String(node.low.value))}`;
    const high = `${field.column} ${node.high.inclusive ? '<=' : '<'} ${sqlNumber(String(node.high.value))}`;
    return `coalesce(${low} AND ${high}, false)`;
  }

  #note(key: string, keyword: Keyword, wanted: boolean): void {
    if (wanted && keyword.text !== '' && !(keyword.text === '*' && !keyword.quoted)) {
      this.#terms.push({ key, term: keyword.text });
    }
  }
}

function textMatch(field: IndexedField, keyword: Keyword): string {
  if (!keyword.quoted && keyword.text === '*') return `(${field.column} IS NOT NULL)`;
  if (keyword.text === '') return `coalesce(${field.column} = '', false)`;
  if (keyword.phrase) return holdsPhrase(field.column, keyword.text, field.tokenizer);
  return allOf(
    wordsOf(keyword, field.tokenizer).map((word) => holdsWord(field.column, word, field.tokenizer)),
  );
}

function numberMatch(field: IndexedField, keyword: Keyword): string {
  if (!keyword.quoted && keyword.text === '*') return `(${field.column} IS NOT NULL)`;
  if (!isNumber(keyword.text)) return 'false';
  return `coalesce(${field.column} = ${sqlNumber(keyword.text)}, false)`;
}

/** A keyword that consists of delimiters only holds no word: nothing to look for, so every row has it. */
function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : `(${conditions.join(' AND ')})`;
}

/** Whole numbers stay exact; the rest are doubles. */
function sqlNumber(text: string): string {
  if (/^[+-]?\d{1,18}$/.test(text)) return `(${Number(text) === 0 ? '0' : text.replace('+', '')}::BIGINT)`;
  return `CAST('${text}' AS DOUBLE)`;
}

function unindexed(key: string): never {
  refuse(
    `key (${key}) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "`,
  );
}

function refuse(message: string): never {
  throw new QueryRefused('ParameterInvalid', message);
}
