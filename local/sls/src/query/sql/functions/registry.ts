import type { Expr } from '../ast.ts';
import { CallSite, type FunctionDefinition, type Translate } from '../compile/call-site.ts';
import type { Scope } from '../compile/context.ts';
import type { Typed } from '../types.ts';
import { AGGREGATES, WINDOW } from './aggregate.ts';
import { ARRAY_FUNCTIONS, LAMBDA_FUNCTIONS, MAP_FUNCTIONS } from './collection.ts';
import { COMPARE } from './compare.ts';
import { CONDITIONAL } from './conditional.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { MATH } from './math.ts';
import { TEXT } from './text.ts';
import { TIME_FUNCTIONS } from './time.ts';
import { TIME_SERIES } from './time-series.ts';

type Table = Readonly<Record<string, Translate>>;

const FUNCTIONS = new Map<string, FunctionDefinition>();

function register(role: FunctionDefinition['role'], ...tables: readonly Table[]): void {
  for (const table of tables) {
    for (const [name, translate] of Object.entries(table)) FUNCTIONS.set(name, { role, translate });
  }
}

register(
  'scalar',
  ARRAY_FUNCTIONS,
  CONDITIONAL,
  LAMBDA_FUNCTIONS,
  MAP_FUNCTIONS,
  JSON_FUNCTIONS,
  MATH,
  TEXT,
  TIME_FUNCTIONS,
  TIME_SERIES,
);
register('aggregate', AGGREGATES, COMPARE);
register('window', WINDOW);

/** Whether a function of that name groups rows. */
export function isAggregate(name: string): boolean {
  return FUNCTIONS.get(name)?.role === 'aggregate';
}

/**
 * Translates a call. Only functions of the tables above exist; all others are refused by name.
 * @throws QueryRefused ParameterInvalid
 */
export function compileFunction(call: Extract<Expr, { kind: 'call' }>, scope: Scope): Typed {
  const { context } = scope.env;
  const definition = FUNCTIONS.get(call.name);
  if (definition === undefined) return context.refuse(call.at, `Function ${call.name} not registered`);
  const { role } = definition;
  if (role === 'window' && call.over === undefined)
    context.refuse(call.at, `Window function ${call.name} requires OVER`);
  if (role === 'scalar' && (call.over !== undefined || call.filter !== undefined || call.distinct)) {
    context.refuse(call.at, `${call.name} is not an aggregate or window function`);
  }
  if (call.star && call.name !== 'count') context.refuse(call.at, `* is not an argument of ${call.name}`);
  return definition.translate(new CallSite(call, scope));
}
