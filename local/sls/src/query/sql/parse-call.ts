import type { Call, Expr, FrameBound, WindowSpec } from './ast.ts';
import type { PrimaryParser } from './parse-primary.ts';

/** `name(…)` with all that may follow: FILTER, IGNORE NULLS, OVER. The stream stands on the name. */
export function parseCall(parser: PrimaryParser): Expr {
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
