import type { LookupsResponse } from '../../shared/api/responses.ts';
import { MERCHANT_BIZ_ID } from '../../shared/logstores/ids.ts';
import { RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Api } from './api.ts';
import { type CommandLine, noPositionals, UsageError, wholeOption } from './arguments.ts';
import type { CliContext } from './context.ts';
import { columns, json } from './print.ts';

/** How many answers of one age have changed since they were recorded as final. */
export interface Lateness {
  readonly hours: number;
  /** Sessions whose first final answer is of that age. */
  readonly found: number;
  /** Those of the sample that the service answered again. */
  readonly asked: number;
  readonly changed: number;
  /** Those of them with another journey or cause, and so another place in the charts. */
  readonly changedMeaning: number;
  readonly share: number | null;
  /** 95 %, Wilson. */
  readonly interval: readonly [low: number, high: number] | null;
}

/** As many as one request has time for at the pace of the slowest region. */
const LOOKUPS_PER_REQUEST = 20;
const MAX_FOUND = 10_000;

/** `lateness`: turns "wait 30 minutes" into a measured number. */
export async function latenessCommand(context: CliContext): Promise<number> {
  const { line, out, err, api } = context;
  noPositionals(line);
  const sample = wholeOption(line, 'sample', { min: 1, max: 5_000, default: 100 });
  const windowMs = wholeOption(line, 'window-minutes', { min: 1, max: 1_440, default: 60 }) * MINUTE_MS;
  const ages = hoursOf(line);
  const sls = context.sls();
  const results: Lateness[] = [];
  for (const hours of ages) {
    const found = await findAged(sls, { ageMs: hours * HOUR_MS, windowMs, nowMs: context.now() });
    const taken = shuffled(found).slice(0, sample);
    if (taken.length > 0) err(`${hours} h: asking about ${taken.length} of ${found.length} again`);
    results.push(await measure(api, hours, { found: found.length, taken }));
  }
  out(line.flag('json') ? json(results) : describe(results));
  return results.some(isUnanswered) ? 1 : 0;
}

/** There was something to ask about, but the service answered nothing. */
function isUnanswered({ found, asked }: Lateness): boolean {
  return found > 0 && asked === 0;
}

function hoursOf(line: CommandLine): number[] {
  const hours = (line.text('hours') ?? '2,24').split(',').map(Number);
  if (hours.some((one) => !(one > 0 && one <= 700))) {
    throw new UsageError('--hours must be numbers above 0 and up to 700, separated by commas');
  }
  return hours;
}

interface Aged {
  readonly transactionId: string;
  readonly merchantBizId: string | undefined;
  readonly revision: string;
  readonly journey: string | undefined;
  readonly cause: string | undefined;
}

async function findAged(
  sls: SlsDataPlane,
  { ageMs, windowMs, nowMs }: { ageMs: number; windowMs: number; nowMs: number },
): Promise<Aged[]> {
  const fromMs = nowMs - ageMs - windowMs / 2;
  const toMs = Math.min(nowMs, nowMs - ageMs + windowMs / 2);
  const { rows, complete } = await sls.query(RECORDS_LOGSTORE, {
    query: `* |
      SELECT
        transaction_id,
        min_by(revision, asked_at_ms) AS revision,
        min_by(merchant_biz_id, asked_at_ms) AS merchant_biz_id,
        min_by(journey, asked_at_ms) AS journey,
        min_by(cause, asked_at_ms) AS cause
      FROM log
      WHERE final = 'true' AND disposition = 'answered'
      GROUP BY transaction_id
      HAVING min(asked_at_ms) >= ${Math.floor(fromMs)} AND min(asked_at_ms) < ${Math.floor(toMs)}
      LIMIT ${MAX_FOUND}`,
    fromSeconds: Math.floor((fromMs - HOUR_MS) / SECOND_MS),
    toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
  });
  if (!complete) throw new Error('SLS read only a part of the records: run it again');
  return rows.flatMap((row) => {
    const { transaction_id: transactionId, revision } = row;
    if (transactionId === undefined || revision === undefined) return [];
    return [
      {
        transactionId,
        revision,
        merchantBizId: MERCHANT_BIZ_ID.test(row.merchant_biz_id ?? '') ? row.merchant_biz_id : undefined,
        journey: present(row.journey),
        cause: present(row.cause),
      },
    ];
  });
}

async function measure(
  api: Pick<Api, 'call'>,
  hours: number,
  { found, taken }: { found: number; taken: readonly Aged[] },
): Promise<Lateness> {
  let [asked, changed, changedMeaning] = [0, 0, 0];
  for (let from = 0; from < taken.length; from += LOOKUPS_PER_REQUEST) {
    const part = taken.slice(from, from + LOOKUPS_PER_REQUEST);
    const transactions = part.map(({ transactionId, merchantBizId }) => ({
      transactionId,
      ...(merchantBizId === undefined ? {} : { merchantBizId }),
    }));
    const { results } = await api.call<LookupsResponse>('POST', '/v1/lookups', { body: { transactions } });
    for (const result of results) {
      const before = part[result.index];
      if (result.outcome !== 'answered' || before === undefined) continue;
      asked += 1;
      if (result.record.revision === before.revision) continue;
      changed += 1;
      if (result.record.journey !== before.journey || result.record.cause !== before.cause)
        changedMeaning += 1;
    }
  }
  const share = asked === 0 ? null : changed / asked;
  return {
    hours,
    found,
    asked,
    changed,
    changedMeaning,
    share,
    interval: asked === 0 ? null : wilson(changed, asked),
  };
}

/** https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval */
export function wilson(hits: number, total: number): readonly [low: number, high: number] {
  const z = 1.96;
  const share = hits / total;
  const middle = share + (z * z) / (2 * total);
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

function shuffled<T>(items: readonly T[]): T[] {
  const pool = [...items];
  for (let last = pool.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [pool[last], pool[other]] = [pool[other] as T, pool[last] as T];
  }
  return pool;
}

function present(text: string | undefined): string | undefined {
  return text === 'null' || text === '' ? undefined : text;
}

function describe(results: readonly Lateness[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return columns([
    ['age', 'asked', 'changed', 'share (95 %)', 'other journey or cause'],
    ...results.map((result) => {
      const { hours, asked, changed, changedMeaning, share, interval } = result;
      return [
        `${hours} h`,
        String(asked),
        String(changed),
        share === null || interval === null
          ? isUnanswered(result)
            ? 'none was answered'
            : 'nothing of that age'
          : `${percent(share)} (${percent(interval[0])} to ${percent(interval[1])})`,
        String(changedMeaning),
      ];
    }),
  ]);
}
