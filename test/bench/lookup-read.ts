import { eachLimited } from '../../functions/lookup/lookups.ts';
import { OFFICIAL_RESULT } from '../../local/cloudauth/official-example.ts';
import { LOCAL_REGION } from '../../local/sls/src/host.ts';
import { readHistory } from '../../shared/history.ts';
import { HISTORY_COLUMNS } from '../../shared/logstores/earlier-records.ts';
import { PENDING_LOGSTORE } from '../../shared/logstores/pending.ts';
import { RECORDS_LOGSTORE } from '../../shared/logstores/records.ts';
import { toRecord } from '../../shared/record/record.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { DAY_MS, HOUR_MS, SECOND_MS, systemClock } from '../../shared/time.ts';
import { encodeOutput, writeRecords } from '../../shared/write-records.ts';
import { DEFAULT_WINDOWS } from '../support/windows.ts';
import { World } from '../support/world.ts';
import { type Bench, sampleOf } from './harness.ts';

const TRANSACTIONS = 5_000;
const BATCH = 500;
const ROUNDS = 6;
const READS = 60;
/** As many instances of the lookup, each with one request at a time. */
const IN_FLIGHT = 12;
const PATIENT_MS = 60_000;

const idOf = (index: number) => `read-${index}`;

async function fill(world: World): Promise<void> {
  const nowMs = Date.now();
  for (let from = 0; from < TRANSACTIONS; from += BATCH) {
    const ids = Array.from({ length: BATCH }, (_, index) => idOf(from + index));
    await world.put(
      PENDING_LOGSTORE,
      ids.map((id) => ({ transaction_id: id, registered_at_ms: nowMs, attempt: 0, kind: 'register' })),
    );
    const outputs = ids.map((transactionId) => ({
      record: toRecord({
        transactionId,
        source: 'sweep',
        attempt: 1,
        region: LOCAL_REGION,
        registeredAtMs: nowMs,
        askedAtMs: nowMs,
        final: true,
        disposition: 'answered',
        code: 'Success',
        result: OFFICIAL_RESULT,
      }).record,
      events: [],
    }));
    await writeRecords(world.client, outputs.map(encodeOutput), { clock: systemClock, random: Math.random });
  }
}

/** The same columns by SQL, of which a project has 15 statements at once. */
async function readBySql(sls: SlsDataPlane, id: string): Promise<void> {
  const nowMs = Date.now();
  const window = (lengthMs: number) => ({
    fromSeconds: Math.floor((nowMs - lengthMs) / SECOND_MS),
    toSeconds: Math.floor((nowMs + HOUR_MS) / SECOND_MS),
  });
  const search = `transaction_id: "${id}"`;
  const columns = [...HISTORY_COLUMNS, 'registered_at_ms', 'initialized_at_ms', 'merchant_biz_id', 'labels'];
  const [, records] = await Promise.all([
    sls.query(PENDING_LOGSTORE, { query: search, ...window(45 * DAY_MS), line: 100, reverse: true }),
    sls.query(RECORDS_LOGSTORE, {
      query: `${search} | SELECT ${columns.join(', ')} FROM log WHERE transaction_id = '${id}' ORDER BY view_key DESC LIMIT 500`,
      ...window(180 * DAY_MS),
    }),
  ]);
  if (records.rows.length !== 1) throw new Error(`${id}: ${records.rows.length} records`);
}

async function readBySearch(sls: SlsDataPlane, id: string): Promise<void> {
  const history = await readHistory(sls, id, {
    nowMs: Date.now(),
    windows: DEFAULT_WINDOWS,
    signal: AbortSignal.timeout(PATIENT_MS),
  });
  if (history.records.length !== 1 || history.queued.length !== 1) throw new Error(`${id} was not read`);
}

async function timesOf(read: (id: string) => Promise<void>, from: number): Promise<number[]> {
  const times: number[] = [];
  const ids = Array.from({ length: READS }, (_, index) => idOf((from + index) % TRANSACTIONS));
  await eachLimited(ids, IN_FLIGHT, async (id) => {
    const startMs = performance.now();
    await read(id);
    times.push(performance.now() - startMs);
  });
  return times;
}

export const lookupRead: Bench = {
  name: 'lookup-read',
  run: async () => {
    const world = await World.open();
    try {
      const sls = world.client;
      await fill(world);
      const ways = [
        { read: (id: string) => readBySearch(sls, id), times: [] as number[] },
        { read: (id: string) => readBySql(sls, id), times: [] as number[] },
      ] as const;
      for (const { read } of ways) await timesOf(read, 0);
      for (let round = 0; round < ROUNDS; round += 1) {
        // The other way round each time, so that what else the machine does falls on both.
        for (const { read, times } of round % 2 === 0 ? ways : [...ways].reverse()) {
          times.push(...(await timesOf(read, round * READS)));
        }
      }
      const [search, sql] = ways;
      return [
        {
          name: 'lookup-read',
          what: `what is known of a transaction, ${IN_FLIGHT} at a time, of ${TRANSACTIONS}`,
          unit: 'ms',
          measured: sampleOf(search.times),
          floor: { ...sampleOf(sql.times), what: 'the records by an SQL statement' },
          target: 1.2,
          compare: 'ratio',
          note: 'The local SLS scans for both; the service has an index for a search, and 15 statements at once for SQL.',
          whatItTakes: 'A search that answers less than whole rows; SLS has none.',
        },
      ];
    } finally {
      await world.close();
    }
  },
};
