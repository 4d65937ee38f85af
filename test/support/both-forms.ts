import { squeeze } from '../../shared/charts/sql.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';

/** Asks on one line, as the query stands in a deployed document, and as it is written; the rows have to be the same. */
export async function queryBothForms(
  sls: Pick<SlsDataPlane, 'query'>,
  logstore: string,
  { query, ...range }: { query: string; fromSeconds: number; toSeconds: number },
) {
  const deployed = await sls.query(logstore, { query: squeeze(query), ...range });
  const written = await sls.query(logstore, { query, ...range });
  if (JSON.stringify(deployed.rows) !== JSON.stringify(written.rows)) {
    throw new Error(`other rows on one line: ${squeeze(query)}`);
  }
  return deployed;
}
