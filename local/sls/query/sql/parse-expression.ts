import type { BinaryOperator, Expr, Query, SortItem } from './ast.ts';
import { parseCall } from './parse-call.ts';
import { parseTypeName } from './parse-type.ts';
import { TokenStream } from './token-stream.ts';

const COMPARISONS: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

const INTERVAL_UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'];

/** Words that are functions without parentheses. */
const BARE_FUNCTIONS = ['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'];

/** Expressions of Presto's grammar, by falling precedence of their operators from the bottom up. */
export abstract class ExpressionParser extends TokenStream {
  abstract query(): Query;

  expression(): Expr {
    return this.nested(() => this.#or());
  }

  sortItem(): SortItem {
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

  startsQuery(): boolean {
    return this.isNext('select') || this.isNext('with') || this.isNext('values');
  }

  /** What may stand beside a comparison. */
  operand(): Expr {
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
    let base = this.#primary();
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
        base = { kind: 'atTimeZone', at, arg: base, zone: this.#primary() };
      } else {
        return base;
      }
    }
  }

  #primary(): Expr {
    const { kind, text, at } = this.peek();
    if (kind === 'long' || kind === 'double' || kind === 'string') {
      this.advance();
      return { kind, at, text };
    }
    if (this.take('null')) return { kind: 'null', at };
    const truth = this.takeOneOf('true', 'false');
    if (truth !== undefined) return { kind: 'boolean', at, value: truth === 'true' };
    if (this.isNext('(')) return this.#parenthesis();
    return this.#special() ?? this.#name();
  }

  /** Words that begin a construct of their own. */
  #special(): Expr | undefined {
    const { at } = this.peek();
    const bare = this.takeOneOf(...BARE_FUNCTIONS);
    if (bare !== undefined) {
      const plain = { args: [], star: false, distinct: false, orderBy: [], ignoreNulls: false };
      return { kind: 'call', at, name: bare, ...plain };
    }
    if (this.take('case')) return this.#case(at);
    if (this.isNext('exists', '(')) {
      this.advance();
      return { kind: 'exists', at, query: this.parenthesized(() => this.query()) };
    }
    const cast = this.peek(1).text === '(' ? this.takeOneOf('cast', 'try_cast') : undefined;
    if (cast !== undefined) return this.#cast(at, cast === 'try_cast');
    if (this.take('extract')) {
      return this.parenthesized(() => {
        const field = this.advance().text.toLowerCase();
        this.expect('from');
        return { kind: 'extract', at, field, arg: this.expression() };
      });
    }
    if (this.take('array', '[')) {
      const items = this.isNext(']') ? [] : this.list(() => this.expression());
      this.expect(']');
      return { kind: 'array', at, items };
    }
    if (this.take('row', '(')) {
      const items = this.list(() => this.expression());
      this.expect(')');
      return { kind: 'row', at, items };
    }
    return this.#typedLiteral(at);
  }

  #typedLiteral(at: number): Expr | undefined {
    if (this.peek(1).kind === 'string') {
      const type = this.takeOneOf('date', 'timestamp');
      if (type !== undefined) {
        return {
          kind: 'literal',
          at,
          type: type === 'date' ? 'date' : 'timestamp',
          text: this.advance().text,
        };
      }
    }
    const signed = this.isNext('interval', '-') || this.isNext('interval', '+');
    if (!this.isNext('interval') || this.peek(signed ? 2 : 1).kind !== 'string') return undefined;
    this.advance();
    const negative = signed && this.advance().text === '-';
    const amount = this.advance().text;
    const unit = this.takeOneOf(...INTERVAL_UNITS);
    if (unit === undefined) this.unexpected('expecting a unit of time');
    return { kind: 'interval', at, amount, unit, negative };
  }

  #cast(at: number, safe: boolean): Expr {
    return this.parenthesized(() => {
      const arg = this.expression();
      this.expect('as');
      return { kind: 'cast', at, arg, type: parseTypeName(this), safe };
    });
  }

  #case(at: number): Expr {
    const operand = this.isNext('when') ? undefined : this.expression();
    const branches: Array<{ when: Expr; then: Expr }> = [];
    while (this.take('when')) {
      const when = this.expression();
      this.expect('then');
      branches.push({ when, then: this.expression() });
    }
    if (branches.length === 0) this.unexpected("expecting 'WHEN'");
    const otherwise = this.take('else') ? this.expression() : undefined;
    this.expect('end');
    return {
      kind: 'case',
      at,
      branches,
      ...(operand === undefined ? {} : { operand }),
      ...(otherwise === undefined ? {} : { otherwise }),
    };
  }

  /** `(x)`, `(SELECT …)`, `(a, b)` or `(a, b) -> …`. */
  #parenthesis(): Expr {
    const { at } = this.peek();
    if (this.#lambdaParameters()) {
      const params = this.parenthesized(() => (this.isNext(')') ? [] : this.list(() => this.identifier())));
      this.expect('->');
      return { kind: 'lambda', at, params, body: this.expression() };
    }
    this.advance();
    if (this.startsQuery()) {
      const query = this.query();
      this.expect(')');
      return { kind: 'subquery', at, query };
    }
    const items = this.list(() => this.expression());
    this.expect(')');
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: 'row', at, items };
  }

  #lambdaParameters(): boolean {
    let ahead = 1;
    while (this.isIdentifier(ahead)) {
      ahead += 1;
      if (this.peek(ahead).text !== ',') break;
      ahead += 1;
    }
    return this.peek(ahead).text === ')' && this.peek(ahead + 1).text === '->';
  }

  #name(): Expr {
    const { at } = this.peek();
    if (this.peek(1).text === '(' && this.peek(1).kind === 'operator') {
      // IF is a name; LEFT and the like are reserved, and functions nowhere.
      if (this.peek().kind === 'word') return parseCall(this);
    }
    const name = this.identifier();
    if (this.take('->')) return { kind: 'lambda', at, params: [name], body: this.expression() };
    return { kind: 'column', at, path: [name] };
  }
}
