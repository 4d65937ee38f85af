import { UpstreamContractError } from '../errors.ts';
import { backoffMs } from '../retry.ts';
import type { Clock } from '../time.ts';
import { jsonOf, type SlsCaller } from './call.ts';
import type { CallOptions, QueryRequest, QueryResult } from './types.ts';

/**
 * GetLogsV2 answers `Incomplete` when it ran out of its own time or saw too much data; the same call again goes
 * on from what is cached. The official libraries repeat it 5 to 20 times.
 * https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-getlogsv2 (read 2026-11-23)
 */
const MAX_TRIES = 8;
const BACKOFF = { baseMs: 400, capMs: 2_000 };

export interface QueryDeps {
  readonly call: SlsCaller;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: () => number;
}

export async function queryLogs(
  { call, clock, random }: QueryDeps,
  logstore: string,
  { request, options }: { request: QueryRequest; options?: CallOptions | undefined },
): Promise<QueryResult> {
  const { query, fromSeconds: from, toSeconds: to, line, offset, reverse } = request;
  const body = JSON.parse(JSON.stringify({ from, to, query, line, offset, reverse }));
  for (let tries = 1; ; tries += 1) {
    const answer = await call(
      {
        action: 'GetLogsV2',
        method: 'POST',
        path: `/logstores/${encodeURIComponent(logstore)}/logs`,
        headers: { 'Accept-Encoding': 'gzip' },
        body,
      },
      options,
    );
    const result = readRows(jsonOf(answer));
    if (result.complete || tries === MAX_TRIES) return result;
    await clock.sleep(backoffMs(tries, BACKOFF, random), options?.signal);
  }
}

function readRows(answer: unknown): QueryResult {
  const { meta, data } = (answer ?? {}) as { meta?: { progress?: unknown }; data?: unknown };
  const progress = meta?.progress;
  if (!Array.isArray(data) || (progress !== 'Complete' && progress !== 'Incomplete')) {
    throw new UpstreamContractError('the answer is not the result of a query');
  }
  return { rows: data.map(readRow), complete: progress === 'Complete' };
}

function readRow(row: unknown): Record<string, string> {
  if (typeof row !== 'object' || row === null) throw new UpstreamContractError('a row is not an object');
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
