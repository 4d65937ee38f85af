import { toContents } from '../../shared/logstores/field-table.ts';
import { RECORD_FIELDS, RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { toRecord } from '../../shared/record/record.ts';
import type { ChartWorld } from './chart-world.ts';

/** Rows of idv-records, as a person would write them down: column to value. */
export type HandMade = Readonly<Record<string, string | number>>;

/** The row that the product makes of a Result written by hand. */
export function rowOfResult(
  transactionId: string,
  result: unknown,
  { labels, openedAtMs }: { labels?: Readonly<Record<string, string>>; openedAtMs: number },
): HandMade {
  const { record } = toRecord({
    transactionId,
    source: 'sweep',
    attempt: 1,
    region: 'ap-southeast-1',
    initializedAtMs: openedAtMs,
    registeredAtMs: openedAtMs,
    askedAtMs: openedAtMs + 1_860_000,
    final: true,
    disposition: 'answered',
    code: 'Success',
    result,
    ...(labels === undefined ? {} : { labels }),
  });
  return Object.fromEntries(toContents(RECORD_FIELDS, record));
}

/** Puts rows into idv-records as another writer may: nothing is checked, nothing added. */
export async function putRows(world: ChartWorld, rows: readonly HandMade[], nowMs: number): Promise<void> {
  await world.sls.putLogs(
    RECORDS_LOGSTORE,
    rows.map((row) => ({
      timeSeconds: Math.floor(nowMs / 1_000),
      contents: Object.entries(row).map(([name, value]): [string, string] => [name, String(value)]),
    })),
  );
}
