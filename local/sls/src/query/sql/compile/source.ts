import type { IndexedField } from '../../store/index-plan.ts';
import { BIGINT, DOUBLE, type SqlType, VARCHAR } from '../types.ts';
import type { Column, Environment, Source } from './context.ts';

/** The columns SQL sees of a logstore: reserved ones, and the fields whose index has statistics switched on. */
export function sourceColumns(source: Source, env: Environment): Array<Column & { readonly from: string }> {
  const { context, shiftSeconds } = env;
  const { plan, cut } = source.table;
  const column = (name: string, type: SqlType, from: string) => ({
    name,
    type,
    from,
    sql: context.fresh('c', name),
  });
  // `compare` lays the past over the present: its rows bear the times they are compared with.
  const time = shiftSeconds === 0 ? 't' : `(t + ${shiftSeconds})`;
  return [
    ...plan.fields
      .filter((field) => field.analysed)
      .flatMap((field) => {
        const from = cut.has(field.column) ? `coalesce(${field.column}_cut, ${field.column})` : field.column;
        const names = field.alias === undefined ? [field.key] : [field.key, field.alias];
        return names.map((name) => column(name, typeOf(field), from));
      }),
    column('__time__', BIGINT, time),
    column('__time_ns_part__', BIGINT, 'ns'),
    column('__topic__', VARCHAR, 'topic'),
    column('__source__', VARCHAR, 'source'),
  ];
}

function typeOf(field: IndexedField): SqlType {
  if (field.type === 'long') return BIGINT;
  return field.type === 'double' ? DOUBLE : VARCHAR;
}
