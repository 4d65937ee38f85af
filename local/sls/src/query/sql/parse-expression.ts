import type { BinaryOperator, Expr, SortItem } from './ast.ts';
import { PrimaryParser } from './parse-primary.ts';

const COMPARISONS: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** Expressions of Presto's grammar, by falling precedence of their operators from the bottom up. */
export abstract class ExpressionParser extends PrimaryParser {
  override expression(): Expr {
    return this.nested(() => this.#or());
  }

  override sortItem(): SortItem {
    const expr = this.expression();
    const descending = this.takeOneOf('asc', 'desc') === 'desc';
    // Presto sorts NULL last in both directions unless told otherwise.
    const nulls = this.take('nulls') ? this.takeOneOf('first', 'last') : 'last';
    if (nulls === undefined) this.unexpected("expecting 'FIRST' or 'LAST'");
    return { expr, descending, nullsFirst: nulls === 'first' };
  }

  #or(): Expr {
    let left = this.#and();
    for (let at = this.peek().at; this.take('or'); at = this.peek().at) {
      left = { kind: 'binary', at, operator: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expr {
    let left = this.#not();
    for (let at = this.peek().at; this.take('and'); at = this.peek().at) {
      left = { kind: 'binary', at, operator: 'and', left, right: this.#not() };
    }
    return left;
  }

  #not(): Expr {
    const { at } = this.peek();
    if (!this.take('not')) return this.#predicate();
    return { kind: 'unary', at, operator: 'not', arg: this.nested(() => this.#not()) };
  }

  #predicate(): Expr {
    let left = this.#concat();
    for (;;) {
      const next = this.#predicateOf(left);
      if (next === undefined) return left;
      left = next;
    }
  }

  #predicateOf(left: Expr): Expr | undefined {
    const { at, text, kind } = this.peek();
    const operator = kind === 'operator' ? COMPARISONS[text] : undefined;
    if (operator !== undefined) {
      this.advance();
      return this.#comparison(left, operator, at);
    }
    if (this.take('is')) return this.#is(left, at);
    const negated = this.isNext('not') && ['between', 'in', 'like'].some((word) => this.isNext('not', word));
    if (negated) this.advance();
    if (this.take('between')) {
      const low = this.#concat();
      this.expect('and');
      return { kind: 'between', at, arg: left, low, high: this.#concat(), negated };
    }
    if (this.take('in')) return this.#in(left, at, negated);
    if (this.take('like')) {
      const like = { kind: 'like' as const, at, arg: left, pattern: this.#concat(), negated };
      return this.take('escape') ? { ...like, escape: this.#concat() } : like;
    }
    return undefined;
  }

  #comparison(left: Expr, operator: BinaryOperator, at: number): Expr {
    const quantifier = this.peek(1).text === '(' ? this.takeOneOf('all', 'any', 'some') : undefined;
    if (quantifier === undefined) return { kind: 'binary', at, operator, left, right: this.#concat() };
    const query = this.parenthesized(() => this.query());
    return { kind: 'quantified', at, operator, all: quantifier === 'all', arg: left, query };
  }

  #is(left: Expr, at: number): Expr {
    const negated = this.take('not');
    if (this.take('null')) return { kind: 'isNull', at, arg: left, negated };
    if (!this.take('distinct', 'from')) this.unexpected("expecting 'NULL' or 'DISTINCT FROM'");
    return { kind: 'isDistinct', at, left, right: this.#concat(), negated };
  }

  #in(arg: Expr, at: number, negated: boolean): Expr {
    return this.parenthesized(() => {
      if (this.startsQuery()) return { kind: 'inQuery', at, arg, query: this.query(), negated };
      return { kind: 'inList', at, arg, list: this.list(() => this.expression()), negated };
    });
  }

  /** What may stand beside a comparison. */
  override operand(): Expr {
    return this.#concat();
  }

  #concat(): Expr {
    let left = this.#sum();
    for (let at = this.peek().at; this.take('||'); at = this.peek().at) {
      left = { kind: 'binary', at, operator: '||', left, right: this.#sum() };
    }
    return left;
  }

  #sum(): Expr {
    let left = this.#product();
    for (;;) {
      const { at } = this.peek();
      const operator = this.takeOneOf('+', '-') as '+' | '-' | undefined;
      if (operator === undefined) return left;
      left = { kind: 'binary', at, operator, left, right: this.#product() };
    }
  }

  #product(): Expr {
    let left = this.#unary();
    for (;;) {
      const { at } = this.peek();
      const operator = this.takeOneOf('*', '/', '%') as '*' | '/' | '%' | undefined;
      if (operator === undefined) return left;
      left = { kind: 'binary', at, operator, left, right: this.#unary() };
    }
  }

  #unary(): Expr {
    const { at } = this.peek();
    const operator = this.takeOneOf('-', '+') as '-' | '+' | undefined;
    if (operator !== undefined) return { kind: 'unary', at, operator, arg: this.nested(() => this.#unary()) };
    return this.#postfix();
  }

  #postfix(): Expr {
    let base = this.primary();
    for (;;) {
      const { at } = this.peek();
      if (this.take('[')) {
        base = { kind: 'subscript', at, base, index: this.expression() };
        this.expect(']');
      } else if (this.take('.')) {
        const field = this.identifier();
        base =
          base.kind === 'column'
            ? { ...base, path: [...base.path, field] }
            : { kind: 'member', at, base, field };
      } else if (this.take('at', 'time', 'zone')) {
        base = { kind: 'atTimeZone', at, arg: base, zone: this.primary() };
      } else {
        return base;
      }
    }
  }
}
