import type { QueryResult } from '../contract.ts';
import type { Database } from '../store/database.ts';
import { messageOf } from '../store/duck-error.ts';
import type { Query } from './ast.ts';
import { type Compiler, Context, type StatementOptions } from './compile/context.ts';
import { translateExpression } from './compile/expression.ts';
import { compileQuery } from './compile/query.ts';
import { toText } from './format.ts';
import { isAggregate } from './functions/registry.ts';
import { refuseSql } from './lexer.ts';
import { parseSql } from './parse-query.ts';
import { nameOfType } from './types.ts';
import { checkWeight } from './weight.ts';

const COMPILER: Compiler = { expression: translateExpression, query: compileQuery, isAggregate };

/**
 * Runs a SQL statement over the logstores it names.
 * @throws QueryRefused ParameterInvalid
 */
export async function runSql(
  database: Database,
  query: Query,
  options: StatementOptions,
): Promise<Pick<QueryResult, 'rows' | 'columns'>> {
  bounded(() => checkWeight(query));
  const context = new Context(options, COMPILER);
  const compiled = bounded(() =>
    compileQuery(query, { context, ctes: new Map(), shiftSeconds: 0 }, { outermost: true }),
  );
  const result = await database.query(compiled.sql).catch((error: unknown) => {
    throw explain(error, context);
  });
  const { columns } = compiled;
  const rows = result.rows.map((values) => {
    const row: Record<string, string> = {};
    for (const [at, column] of columns.entries()) row[column.name] = toText(values[at] ?? null, column.type);
    return row;
  });
  return { rows, columns: columns.map(({ name, type }) => ({ name, type: nameOfType(type) })) };
}

/**
 * Parses the SQL part of a query.
 * @throws QueryRefused ParameterInvalid for what is no SQL, or not the service's
 */
export function readSql(text: string): Query {
  return bounded(() => parseSql(text));
}

/** A statement nested so deeply that the stack ends is refused like any other. */
function bounded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) refuseSql('the statement is too complex');
    throw error;
  }
}

/** DuckDB speaks of columns by names of ours. */
function explain(error: unknown, context: Context): unknown {
  const message = messageOf(error);
  if (message === undefined) return error;
  const column = /column "?(\w+)"? must appear in the GROUP BY clause/i.exec(message)?.[1];
  if (column !== undefined) {
    const name = context.names.get(column) ?? column;
    return caught(`Column '${name}' not in GROUP BY clause;please add the column in the index attribute`);
  }
  const named = message.replace(/\b[a-z]\d+\b/g, (name) => context.names.get(name) ?? name);
  return named === message ? error : caught(named);
}

function caught(message: string): unknown {
  try {
    return refuseSql(message);
  } catch (error) {
    return error;
  }
}
