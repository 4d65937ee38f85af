/** The part of Presto's SQL that the service takes. `at` is the position in the SQL text, for messages. */

export interface Identifier {
  readonly name: string;
  readonly quoted: boolean;
}

export interface SortItem {
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface FrameBound {
  readonly kind: 'preceding' | 'following' | 'current';
  /** Undefined with `preceding` and `following`: unbounded. */
  readonly offset?: Expr;
}

export interface WindowSpec {
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortItem[];
  readonly frame?: { readonly unit: 'ROWS' | 'RANGE'; readonly start: FrameBound; readonly end: FrameBound };
}

export interface Call {
  readonly kind: 'call';
  readonly at: number;
  readonly name: string;
  readonly args: readonly Expr[];
  /** `count(*)` */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly orderBy: readonly SortItem[];
  readonly filter?: Expr;
  readonly ignoreNulls: boolean;
  readonly over?: WindowSpec;
}

export type BinaryOperator =
  | 'or'
  | 'and'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||';

export type Expr =
  | { readonly kind: 'null'; readonly at: number }
  | { readonly kind: 'boolean'; readonly at: number; readonly value: boolean }
  | { readonly kind: 'long' | 'double' | 'string'; readonly at: number; readonly text: string }
  | {
      readonly kind: 'literal';
      readonly at: number;
      readonly type: 'date' | 'timestamp';
      readonly text: string;
    }
  | {
      readonly kind: 'interval';
      readonly at: number;
      readonly amount: string;
      readonly unit: string;
      readonly negative: boolean;
    }
  | { readonly kind: 'column'; readonly at: number; readonly path: readonly Identifier[] }
  | Call
  | { readonly kind: 'unary'; readonly at: number; readonly operator: '-' | '+' | 'not'; readonly arg: Expr }
  | {
      readonly kind: 'binary';
      readonly at: number;
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  | { readonly kind: 'isNull'; readonly at: number; readonly arg: Expr; readonly negated: boolean }
  | {
      readonly kind: 'isDistinct';
      readonly at: number;
      readonly left: Expr;
      readonly right: Expr;
      readonly negated: boolean;
    }
  | {
      readonly kind: 'between';
      readonly at: number;
      readonly arg: Expr;
      readonly low: Expr;
      readonly high: Expr;
      readonly negated: boolean;
    }
  | {
      readonly kind: 'inList';
      readonly at: number;
      readonly arg: Expr;
      readonly list: readonly Expr[];
      readonly negated: boolean;
    }
  | {
      readonly kind: 'inQuery';
      readonly at: number;
      readonly arg: Expr;
      readonly query: Query;
      readonly negated: boolean;
    }
  | {
      readonly kind: 'quantified';
      readonly at: number;
      readonly operator: BinaryOperator;
      readonly all: boolean;
      readonly arg: Expr;
      readonly query: Query;
    }
  | {
      readonly kind: 'like';
      readonly at: number;
      readonly arg: Expr;
      readonly pattern: Expr;
      readonly escape?: Expr;
      readonly negated: boolean;
    }
  | { readonly kind: 'exists' | 'subquery'; readonly at: number; readonly query: Query }
  | {
      readonly kind: 'case';
      readonly at: number;
      readonly operand?: Expr;
      readonly branches: ReadonlyArray<{ readonly when: Expr; readonly result: Expr }>;
      readonly otherwise?: Expr;
    }
  | {
      readonly kind: 'cast';
      readonly at: number;
      readonly arg: Expr;
      readonly type: TypeName;
      readonly safe: boolean;
    }
  | { readonly kind: 'extract'; readonly at: number; readonly field: string; readonly arg: Expr }
  | { readonly kind: 'array' | 'row'; readonly at: number; readonly items: readonly Expr[] }
  | { readonly kind: 'subscript'; readonly at: number; readonly base: Expr; readonly index: Expr }
  | { readonly kind: 'member'; readonly at: number; readonly base: Expr; readonly field: Identifier }
  | {
      readonly kind: 'lambda';
      readonly at: number;
      readonly params: readonly Identifier[];
      readonly body: Expr;
    }
  | { readonly kind: 'atTimeZone'; readonly at: number; readonly arg: Expr; readonly zone: Expr };

/** A type as written: `map(varchar, array(bigint))`, `decimal(10, 2)`, `row(a bigint)`. */
export interface TypeName {
  readonly at: number;
  readonly name: string;
  readonly args: ReadonlyArray<TypeName | number>;
  /** Of `row`: the fields' names, where given. */
  readonly fields: ReadonlyArray<string | undefined>;
}

export interface Query {
  readonly at: number;
  readonly with: ReadonlyArray<{
    readonly name: Identifier;
    readonly columns: readonly Identifier[];
    readonly query: Query;
  }>;
  readonly body: QueryBody;
  readonly orderBy: readonly SortItem[];
  readonly limit?: Limit;
}

export interface Limit {
  readonly at: number;
  /** `LIMIT offset, count` */
  readonly offset?: number;
  /** Undefined: `LIMIT ALL`. */
  readonly count?: number;
}

export type QueryBody =
  | Select
  | { readonly kind: 'values'; readonly at: number; readonly rows: ReadonlyArray<readonly Expr[]> }
  | { readonly kind: 'nested'; readonly query: Query }
  | {
      readonly kind: 'set';
      readonly at: number;
      readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
      readonly all: boolean;
      readonly left: QueryBody;
      readonly right: QueryBody;
    };

export interface Select {
  readonly kind: 'select';
  readonly at: number;
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: readonly Relation[];
  readonly where?: Expr;
  /** Undefined: no GROUP BY. */
  readonly groupBy?: readonly GroupItem[];
  readonly having?: Expr;
}

export type SelectItem =
  | { readonly kind: 'star'; readonly at: number; readonly relation?: Identifier }
  | { readonly kind: 'expr'; readonly expr: Expr; readonly alias?: Identifier };

export type GroupItem =
  | { readonly kind: 'expr'; readonly expr: Expr }
  | {
      readonly kind: 'ROLLUP' | 'CUBE' | 'GROUPING SETS';
      readonly at: number;
      readonly sets: ReadonlyArray<readonly Expr[]>;
    };

export interface Alias {
  readonly name: Identifier;
  readonly columns: readonly Identifier[];
}

export type Relation =
  | { readonly kind: 'table'; readonly at: number; readonly name: Identifier; readonly alias?: Alias }
  | { readonly kind: 'subquery'; readonly at: number; readonly query: Query; readonly alias?: Alias }
  | {
      readonly kind: 'unnest';
      readonly at: number;
      readonly args: readonly Expr[];
      readonly ordinality: boolean;
      readonly alias?: Alias;
    }
  | {
      readonly kind: 'join';
      readonly at: number;
      readonly type: 'CROSS' | 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
      readonly left: Relation;
      readonly right: Relation;
      readonly on?: Expr;
      readonly using?: readonly Identifier[];
    };
