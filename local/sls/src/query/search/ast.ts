/** A piece of a keyword: its characters, or a wildcard (`*` any number of characters, `?` one). */
export interface Keyword {
  readonly text: string;
  /** In double quotes: wildcards and operators are plain characters. */
  readonly quoted: boolean;
  /** `#"..."`: the words must follow one another as written. */
  readonly phrase: boolean;
}

export interface Bound {
  readonly value: number;
  readonly inclusive: boolean;
}

export type SearchNode =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly left: SearchNode; readonly right: SearchNode }
  | { readonly kind: 'not'; readonly inner: SearchNode }
  | { readonly kind: 'keyword'; readonly keyword: Keyword }
  | { readonly kind: 'field'; readonly key: string; readonly keyword: Keyword }
  | {
      readonly kind: 'compare';
      readonly key: string;
      readonly operator: '>' | '>=' | '<' | '<=' | '=';
      readonly operand: string;
    }
  | { readonly kind: 'range'; readonly key: string; readonly low: Bound; readonly high: Bound };
