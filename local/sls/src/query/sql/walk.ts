import type { Expr, Query } from './ast.ts';

/** Visits every object of a syntax tree that has a `kind`; `false` keeps it from going further down. */
function visit(node: unknown, visitor: (node: { kind: string }) => boolean): void {
  const open: unknown[] = [node];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) {
      open.push(...next);
    } else if (typeof next === 'object' && next !== null) {
      if ('kind' in next && !visitor(next as { kind: string })) continue;
      open.push(...Object.values(next));
    }
  }
}

/** The names of all tables in a query: logstores, and CTEs. */
export function tableNames(query: Query): Set<string> {
  const names = new Set<string>();
  visit(query, (node) => {
    if (node.kind === 'table') names.add((node as unknown as { name: { name: string } }).name.name);
    return true;
  });
  return names;
}

const QUERIES = ['exists', 'subquery', 'inQuery', 'quantified'];

/** Whether an expression refers to a column, subqueries aside. */
export function hasColumn(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    if (node.kind === 'column') found = true;
    return node.kind !== 'lambda' && !QUERIES.includes(node.kind);
  });
  return found;
}

/** Whether a function of that name groups rows. */
type IsAggregate = (name: string) => boolean;

/** Whether an expression aggregates, or looks at other rows, subqueries aside. */
export function hasAggregate(expr: Expr, isAggregate: IsAggregate): boolean {
  let found = false;
  visit(expr, (node) => {
    if (node.kind === 'call') {
      const call = node as Extract<Expr, { kind: 'call' }>;
      if (isAggregate(call.name) || call.over !== undefined) found = true;
    }
    return !QUERIES.includes(node.kind);
  });
  return found;
}

/** The calls of some functions in an expression, subqueries aside. */
export function callsOf(expr: unknown, names: readonly string[]): Array<Extract<Expr, { kind: 'call' }>> {
  const calls: Array<Extract<Expr, { kind: 'call' }>> = [];
  visit(expr, (node) => {
    const call = node as Extract<Expr, { kind: 'call' }>;
    if (node.kind === 'call' && names.includes(call.name)) calls.push(call);
    return !QUERIES.includes(node.kind);
  });
  return calls;
}

/** The outermost aggregates, window functions, random numbers and scalar subqueries of an expression. */
export function outsideTry(expr: Expr, isAggregate: IsAggregate): Expr[] {
  const found: Expr[] = [];
  visit(expr, (node) => {
    const part = node as Expr;
    const volatile = part.kind === 'call' && ['random', 'rand'].includes(part.name);
    const aggregate = part.kind === 'call' && (isAggregate(part.name) || part.over !== undefined);
    if (volatile || aggregate || part.kind === 'subquery') {
      found.push(part);
      return false;
    }
    return part.kind !== 'lambda' && !QUERIES.includes(part.kind);
  });
  return found;
}
