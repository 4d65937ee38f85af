import { DuckDBInstance } from '@duckdb/node-api';
import { queryOf } from '../../shared/charts/chart.ts';
import { DASHBOARDS } from '../../shared/charts/dashboards.ts';
import { RECORD_FIELDS, type RecordRow } from '../../shared/logstores/records.ts';
import { drawAnswered, store } from '../support/drawn-sessions.ts';
import { World } from '../support/world.ts';
import { type Bench, sampleOf } from './harness.ts';

/**
 * The drop-off dashboard over 100,000 records in the local SLS: every chart asked one after the other, as a first
 * view asks them, against one full scan of the same rows by DuckDB alone. The first chart also pays for loading
 * what the store has not shown the engine yet; that is told apart.
 */
const RECORDS = 100_000;
const DRAWN = 5_000;
const ROUNDS = 5;
const DAY_SECONDS = 86_400;
const [DROP_OFF] = DASHBOARDS;
const charts = (DROP_OFF?.sections ?? [])
  .flatMap((section) => section.charts)
  .filter(({ id }) => id !== 'headline-registered');

/** The drawn sessions over and over, each time under other ids. */
function* copies(records: readonly RecordRow[]): Generator<RecordRow[]> {
  for (let round = 0; round * records.length < RECORDS; round += 1) {
    yield records.map((record) => ({ ...record, transaction_id: `${record.transaction_id}-${round}` }));
  }
}

async function wallMs(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

/** DuckDB alone: the same rows, every column read once. */
async function scanFloor(records: readonly RecordRow[]): Promise<number[]> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
  const names = Object.keys(RECORD_FIELDS) as Array<keyof RecordRow>;
  await connection.run(`create table record (${names.map((name) => `"${name}" varchar`).join(', ')})`);
  const appender = await connection.createAppender('record');
  for (const copy of copies(records)) {
    for (const row of copy) {
      for (const name of names) {
        const value = row[name];
        if (value === undefined) appender.appendNull();
        else appender.appendVarchar(String(value));
      }
      appender.endRow();
    }
  }
  appender.closeSync();
  const scan = `select ${names.map((name) => `sum(strlen("${name}"))`).join(', ')} from record`;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    times.push(await wallMs(() => connection.runAndReadAll(scan)));
  connection.closeSync();
  return times;
}

async function askAll(world: World, nowMs: number): Promise<Map<string, number>> {
  const toSeconds = Math.floor(nowMs / 1_000) + 60;
  const times = new Map<string, number>();
  for (const chart of charts) {
    const request = { query: queryOf(chart), fromSeconds: toSeconds - DAY_SECONDS, toSeconds };
    times.set(chart.id, await wallMs(() => world.client.query(chart.logstore, request)));
  }
  return times;
}

const total = (times: Map<string, number>) => [...times.values()].reduce((sum, each) => sum + each, 0);

export const dashboard: Bench = {
  name: 'dashboard',
  async run() {
    const nowMs = Date.now();
    const drawn = drawAnswered(1, DRAWN, nowMs).map(({ final }) => final);
    const records = drawn.map(({ record }) => record);
    const floor = await scanFloor(records);
    const world = await World.open();
    try {
      for (const copy of copies(records)) {
        await store(
          world,
          copy.map((record) => ({ record, events: [] })),
          nowMs,
        );
      }
      const first = await askAll(world, nowMs);
      const views: number[] = [];
      const slowest: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const times = await askAll(world, nowMs);
        views.push(total(times));
        slowest.push(Math.max(...times.values()));
      }
      const scan = { ...sampleOf(floor), what: 'one scan of all columns by DuckDB alone' };
      const note = `${RECORDS} records, ${charts.length} charts one after the other; the very first view, loading included, ${Math.round(total(first))} ms`;
      const whatItTakes = 'one materialised view for all charts of a dashboard instead of one in each query';
      return [
        {
          name: 'dashboard-view',
          what: 'all charts of the drop-off dashboard',
          unit: 'ms',
          measured: sampleOf(views),
          floor: scan,
          target: 60,
          compare: 'ratio' as const,
          note,
          whatItTakes,
        },
        {
          name: 'dashboard-query',
          what: 'the slowest of its charts',
          unit: 'ms',
          measured: sampleOf(slowest),
          floor: scan,
          target: 10,
          compare: 'ratio' as const,
          whatItTakes,
        },
      ];
    } finally {
      await world.close();
    }
  },
};
