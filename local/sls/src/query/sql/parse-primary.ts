import type { Call, Expr, FrameBound, Query, SortItem, TypeName, WindowSpec } from './ast.ts';
import { TokenStream } from './token-stream.ts';

const INTERVAL_UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'];

/** Words that are functions without parentheses. */
const BARE_FUNCTIONS = ['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'];

/** The expressions that operators stand between: literals, names, calls, and what is in brackets. */
export abstract class PrimaryParser extends TokenStream {
  abstract query(): Query;
  abstract expression(): Expr;
  abstract sortItem(): SortItem;
  /** What may stand beside a comparison. */
  abstract operand(): Expr;

  startsQuery(): boolean {
    return this.isNext('select') || this.isNext('with') || this.isNext('values');
  }

  primary(): Expr {
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
    const branches: Array<{ when: Expr; result: Expr }> = [];
    while (this.take('when')) {
      const when = this.expression();
      this.expect('then');
      branches.push({ when, result: this.expression() });
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

/** `name(…)` with all that may follow: FILTER, IGNORE NULLS, OVER. The stream stands on the name. */
function parseCall(parser: PrimaryParser): Expr {
  const { at } = parser.peek();
  if (!parser.isIdentifier() && !parser.isNext('grouping')) parser.unexpected('expecting an expression');
  const name = parser.advance().text.toLowerCase();
  if (name === 'position') return parsePosition(parser, at);
  const inside = parser.parenthesized(() => parseArguments(parser));
  let ignoreNulls = false;
  if (parser.take('ignore', 'nulls')) ignoreNulls = true;
  else parser.take('respect', 'nulls');
  const filter = parser.isNext('filter', '(') ? parseFilter(parser) : undefined;
  if (parser.take('ignore', 'nulls')) ignoreNulls = true;
  const over = parser.take('over') ? parser.parenthesized(() => parseWindow(parser)) : undefined;
  return {
    kind: 'call',
    at,
    name,
    ...inside,
    ignoreNulls,
    ...(filter === undefined ? {} : { filter }),
    ...(over === undefined ? {} : { over }),
  };
}

function parseArguments(parser: PrimaryParser): Pick<Call, 'args' | 'star' | 'distinct' | 'orderBy'> {
  if (parser.take('*')) return { args: [], star: true, distinct: false, orderBy: [] };
  if (parser.isNext(')')) return { args: [], star: false, distinct: false, orderBy: [] };
  const distinct = parser.take('distinct');
  if (!distinct) parser.take('all');
  const args = parser.list(() => parser.expression());
  const orderBy = parser.take('order', 'by') ? parser.list(() => parser.sortItem()) : [];
  return { args, star: false, distinct, orderBy };
}

function parseFilter(parser: PrimaryParser): Expr {
  parser.advance();
  return parser.parenthesized(() => {
    parser.expect('where');
    return parser.expression();
  });
}

/** `position(needle IN text)` is `strpos(text, needle)`. */
function parsePosition(parser: PrimaryParser, at: number): Expr {
  return parser.parenthesized(() => {
    const needle = parser.operand();
    parser.expect('in');
    const args = [parser.operand(), needle];
    return {
      kind: 'call',
      at,
      name: 'strpos',
      args,
      star: false,
      distinct: false,
      orderBy: [],
      ignoreNulls: false,
    };
  });
}

function parseWindow(parser: PrimaryParser): WindowSpec {
  const partitionBy = parser.take('partition', 'by') ? parser.list(() => parser.expression()) : [];
  const orderBy = parser.take('order', 'by') ? parser.list(() => parser.sortItem()) : [];
  const unit = parser.takeOneOf('rows', 'range');
  if (unit === undefined) {
    if (!parser.isNext(')')) parser.unexpected("expecting ')'");
    return { partitionBy, orderBy };
  }
  const between = parser.take('between');
  const start = parseBound(parser);
  let end: FrameBound = { kind: 'current' };
  if (between) {
    parser.expect('and');
    end = parseBound(parser);
  }
  return { partitionBy, orderBy, frame: { unit: unit === 'rows' ? 'ROWS' : 'RANGE', start, end } };
}

function parseBound(parser: PrimaryParser): FrameBound {
  if (parser.take('current', 'row')) return { kind: 'current' };
  const offset = parser.take('unbounded') ? undefined : parser.expression();
  const kind = parser.takeOneOf('preceding', 'following');
  if (kind !== 'preceding' && kind !== 'following') parser.unexpected("expecting 'PRECEDING' or 'FOLLOWING'");
  return offset === undefined ? { kind } : { kind, offset };
}

/** `bigint`, `varchar(20)`, `array(varchar)`, `map(varchar, double)`, `row(a bigint, b varchar)`, `array<bigint>`. */
function parseTypeName(stream: TokenStream): TypeName {
  return stream.nested(() => {
    const { at } = stream.peek();
    let name = stream.identifier().name.toLowerCase();
    if (name === 'double') stream.take('precision');
    const args: Array<TypeName | number> = [];
    const fields: Array<string | undefined> = [];
    if (stream.take('(')) {
      do {
        if (stream.peek().kind === 'long') {
          args.push(Number(stream.advance().text));
        } else {
          fields.push(name === 'row' && hasFieldName(stream) ? stream.identifier().name : undefined);
          args.push(parseTypeName(stream));
        }
      } while (stream.take(','));
      stream.expect(')');
    }
    if (stream.take('with', 'time', 'zone')) name += ' with time zone';
    return { at, name, args, fields };
  });
}

function hasFieldName(stream: TokenStream): boolean {
  const after = stream.peek(1);
  return after.kind === 'word' || after.kind === 'quoted';
}
