import type {
  Alias,
  Expr,
  GroupItem,
  Identifier,
  Limit,
  Query,
  QueryBody,
  Relation,
  Select,
  SelectItem,
} from './ast.ts';
import { refuseSql } from './lexer.ts';
import { ExpressionParser } from './parse-expression.ts';

/** Statements that are SQL, but none a query may be. */
const STATEMENTS =
  `insert update delete create drop alter truncate merge grant revoke explain describe show set use
  call prepare execute copy attach detach pragma install load export import begin commit rollback analyze`.split(
    /\s+/,
  );

/**
 * Parses the SQL part of a query.
 * @throws QueryRefused ParameterInvalid for what is no SQL, or not the service's
 */
export function parseSql(text: string): Query {
  return new QueryParser(text).statement();
}

class QueryParser extends ExpressionParser {
  statement(): Query {
    const other = STATEMENTS.find((word) => this.isNext(word));
    if (other !== undefined) refuseSql(`${other.toUpperCase()} is not supported: a query may only read`);
    if (!this.startsQuery() && !this.isNext('(')) this.unexpected("expecting 'SELECT'");
    const query = this.query();
    this.take(';');
    if (this.peek().kind !== 'end') this.unexpected('expecting the end of the statement');
    return query;
  }

  override query(): Query {
    return this.nested(() => {
      const { at } = this.peek();
      const ctes = this.take('with') ? this.#with() : [];
      const body = this.#setOperation();
      const orderBy = this.take('order', 'by') ? this.list(() => this.sortItem()) : [];
      if (this.isNext('offset')) this.unsupported('OFFSET');
      if (this.isNext('fetch')) this.unsupported('FETCH');
      const limit = this.isNext('limit') ? this.#limit() : undefined;
      return { at, with: ctes, body, orderBy, ...(limit === undefined ? {} : { limit }) };
    });
  }

  #with(): Query['with'] {
    if (this.isNext('recursive')) this.unsupported('WITH RECURSIVE');
    return this.list(() => {
      const name = this.identifier();
      const columns = this.isNext('(') ? this.#names() : [];
      this.expect('as');
      return { name, columns, query: this.parenthesized(() => this.query()) };
    });
  }

  #limit(): Limit {
    const { at } = this.advance();
    if (this.take('all')) return { at };
    const first = this.#count();
    return this.take(',') ? { at, offset: first, count: this.#count() } : { at, count: first };
  }

  #count(): number {
    if (this.peek().kind !== 'long') this.unexpected('expecting a number of rows');
    return Number(this.advance().text);
  }

  #setOperation(): QueryBody {
    let left = this.#intersection();
    for (;;) {
      const { at } = this.peek();
      const word = this.takeOneOf('union', 'except');
      if (word === undefined) return left;
      const all = this.#all();
      const operator = word === 'union' ? 'UNION' : 'EXCEPT';
      left = { kind: 'set', at, operator, all, left, right: this.#intersection() };
    }
  }

  #intersection(): QueryBody {
    let left = this.#term();
    for (let at = this.peek().at; this.take('intersect'); at = this.peek().at) {
      left = { kind: 'set', at, operator: 'INTERSECT', all: this.#all(), left, right: this.#term() };
    }
    return left;
  }

  #all(): boolean {
    return this.takeOneOf('all', 'distinct') === 'all';
  }

  #term(): QueryBody {
    const { at } = this.peek();
    if (this.isNext('(')) return { kind: 'nested', query: this.parenthesized(() => this.query()) };
    if (this.take('values')) return { kind: 'values', at, rows: this.list(() => this.#valuesRow()) };
    if (this.isNext('table')) this.unsupported('TABLE');
    this.expect('select');
    return this.#select(at);
  }

  #valuesRow(): Expr[] {
    const row = this.expression();
    return row.kind === 'row' ? [...row.items] : [row];
  }

  #select(at: number): Select {
    const distinct = this.takeOneOf('distinct', 'all') === 'distinct';
    const items = this.list(() => this.#item());
    const from = this.take('from') ? this.list(() => this.#relation()) : [];
    const where = this.take('where') ? this.expression() : undefined;
    const groupBy = this.take('group', 'by') ? this.list(() => this.#groupItem()) : undefined;
    const having = this.take('having') ? this.expression() : undefined;
    if (this.isNext('window')) this.unsupported('WINDOW');
    return {
      kind: 'select',
      at,
      distinct,
      items,
      from,
      ...(where === undefined ? {} : { where }),
      ...(groupBy === undefined ? {} : { groupBy }),
      ...(having === undefined ? {} : { having }),
    };
  }

  #item(): SelectItem {
    const { at } = this.peek();
    if (this.take('*')) return { kind: 'star', at };
    if (this.isIdentifier() && this.peek(1).text === '.' && this.peek(2).text === '*') {
      const relation = this.identifier();
      this.advance();
      this.advance();
      return { kind: 'star', at, relation };
    }
    const expr = this.expression();
    const named = this.take('as') || this.isIdentifier();
    return named ? { kind: 'expr', expr, alias: this.identifier() } : { kind: 'expr', expr };
  }

  #groupItem(): GroupItem {
    const { at } = this.peek();
    const kind = this.takeOneOf('rollup', 'cube');
    if (kind !== undefined) {
      const columns = this.parenthesized(() => this.list(() => this.expression()));
      return { kind: kind === 'rollup' ? 'ROLLUP' : 'CUBE', at, sets: columns.map((column) => [column]) };
    }
    if (this.take('grouping', 'sets')) {
      return {
        kind: 'GROUPING SETS',
        at,
        sets: this.parenthesized(() => this.list(() => this.#groupingSet())),
      };
    }
    return { kind: 'expr', expr: this.expression() };
  }

  #groupingSet(): Expr[] {
    if (!this.isNext('(')) return [this.expression()];
    return this.parenthesized(() => (this.isNext(')') ? [] : this.list(() => this.expression())));
  }

  #relation(): Relation {
    let left = this.#primaryRelation();
    for (;;) {
      const { at } = this.peek();
      if (this.isNext('natural')) this.unsupported('NATURAL JOIN');
      if (this.isNext('tablesample')) this.unsupported('TABLESAMPLE');
      if (this.take('cross', 'join')) {
        left = { kind: 'join', at, type: 'CROSS', left, right: this.#primaryRelation() };
        continue;
      }
      const type = this.#joinType();
      if (type === undefined) return left;
      left = this.#joined({ kind: 'join', at, type, left, right: this.#primaryRelation() });
    }
  }

  #joined(join: Extract<Relation, { kind: 'join' }>): Relation {
    if (this.take('using')) return { ...join, using: this.#names() };
    this.expect('on');
    return { ...join, on: this.expression() };
  }

  #joinType(): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | undefined {
    if (this.take('join') || this.take('inner', 'join')) return 'INNER';
    const side = this.takeOneOf('left', 'right', 'full');
    if (side === undefined) return undefined;
    this.take('outer');
    this.expect('join');
    if (side === 'left') return 'LEFT';
    return side === 'right' ? 'RIGHT' : 'FULL';
  }

  #primaryRelation(): Relation {
    const { at } = this.peek();
    if (this.take('unnest')) {
      const args = this.parenthesized(() => this.list(() => this.expression()));
      const ordinality = this.take('with', 'ordinality');
      return this.#aliased({ kind: 'unnest', at, args, ordinality });
    }
    if (this.isNext('lateral')) this.unsupported('LATERAL');
    if (!this.take('(')) return this.#aliased({ kind: 'table', at, name: this.identifier() });
    if (!this.startsQuery() && !(this.isNext('(') && this.#opensQuery())) {
      const relation = this.#relation();
      this.expect(')');
      return relation;
    }
    const query = this.query();
    this.expect(')');
    return this.#aliased({ kind: 'subquery', at, query });
  }

  /** Whether what opens here is a query in brackets and not a join in brackets. */
  #opensQuery(): boolean {
    let ahead = 0;
    while (this.peek(ahead).text === '(') ahead += 1;
    return ['select', 'with', 'values'].includes(this.peek(ahead).text.toLowerCase());
  }

  #aliased<T extends Relation>(relation: T): T {
    if (!this.take('as') && !this.isIdentifier()) return relation;
    if (this.isNext('tablesample')) this.unsupported('TABLESAMPLE');
    const name = this.identifier();
    const columns = this.isNext('(') ? this.#names() : [];
    const alias: Alias = { name, columns };
    return { ...relation, alias };
  }

  #names(): Identifier[] {
    return this.parenthesized(() => this.list(() => this.identifier()));
  }
}
