import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Chart, narrowedQueryOf, queryOf } from '../../../shared/charts/chart.ts';
import { DASHBOARDS } from '../../../shared/charts/dashboards.ts';
import { queryBothForms } from '../../support/both-forms.ts';
import { EXPECTED, type ExpectedRow, type Known } from '../../support/chart-truth.ts';
import { type Drawn, drawAnswered, register, store } from '../../support/drawn-sessions.ts';
import { seeded, shuffled } from '../../support/seeded.ts';
import { World } from '../../support/world.ts';

/**
 * Each chart of the drop-off dashboard over 5,000 sessions of known truth, as the deployed query gives it, against
 * plain TypeScript over the truth. Once with one row per session; once with every record written three times in
 * random order among provisional rows, and with label filters.
 */
const SESSIONS = 5_000;
const DAY_SECONDS = 86_400;
const [DROP_OFF] = DASHBOARDS;
const charts = DROP_OFF?.sections.flatMap((section) => section.charts) ?? [];

/** Half a unit of the last digit that a column shows, as a share of percent, ratio or time. */
const TOLERANCE: Readonly<Record<string, (expected: number) => number>> = {
  percent: () => 0.0501,
  ratio: (expected) => 0.0051 + expected * 1e-9,
  ms: (expected) => Math.max(1, expected * 0.01),
};

function rowKey(chart: Chart, row: Readonly<Record<string, unknown>>): string {
  const names = chart.columns.filter(
    ({ as, name }) => ['key', 'text', 'id', 'time_ms', 'seconds'].includes(as) && name in row,
  );
  const keyed = names.length > 0 && chart.kind !== 'stat' ? names.map(({ name }) => name) : [];
  const counted = chart.columns.find(({ name }) => name === 'retries' || name === 'edits');
  return JSON.stringify(
    [...keyed, ...(counted === undefined ? [] : [counted.name])].map((name) => String(row[name] ?? '')),
  );
}

function compare(
  chart: Chart,
  actual: ReadonlyArray<Record<string, string>>,
  expected: readonly ExpectedRow[],
): string[] {
  const comparable = (row: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(row).filter(([name]) => expected.length === 0 || name in (expected[0] ?? {})),
    );
  const found = new Map(actual.map((row) => [rowKey(chart, comparable(row)), row]));
  const problems: string[] = [];
  if (found.size !== actual.length) problems.push('rows are not unique');
  if (actual.length !== expected.length) problems.push(`${actual.length} rows instead of ${expected.length}`);
  for (const row of expected) {
    const key = rowKey(chart, row);
    const match = found.get(key);
    if (match === undefined) {
      problems.push(`no row ${key}`);
      continue;
    }
    for (const [name, value] of Object.entries(row)) {
      if (!agrees(chart, name, match[name], value))
        problems.push(`${key} ${name}: ${match[name]} instead of ${value}`);
    }
  }
  return problems.slice(0, 20);
}

function agrees(
  chart: Chart,
  name: string,
  actual: string | undefined,
  expected: string | number | null,
): boolean {
  if (expected === null) return actual === 'null';
  if (typeof expected === 'string') return actual === expected;
  if (actual === undefined || actual === 'null') return false;
  const as = chart.columns.find((column) => column.name === name)?.as ?? 'count';
  return Math.abs(Number(actual) - expected) <= (TOLERANCE[as]?.(expected) ?? 0);
}

describe('the drop-off charts', () => {
  const nowMs = Date.now();
  let single: World;
  let multiple: World;
  let drawn: Drawn[];
  let known: Known[];

  beforeAll(async () => {
    drawn = drawAnswered(20_261_123, SESSIONS, nowMs);
    known = drawn.map((one) => one.known);
    single = await World.open({ clock: () => nowMs });
    await register(single, drawn, nowMs);
    await store(
      single,
      drawn.map(({ final }) => final),
      nowMs,
    );
    multiple = await World.open({ clock: () => nowMs });
    const often = drawn.flatMap(({ final, provisional }) => [final, provisional, final, provisional, final]);
    await register(multiple, shuffled([...drawn, ...drawn], seeded(7)), nowMs);
    await store(multiple, shuffled(often, seeded(11)), nowMs);
  });

  afterAll(async () => {
    await single?.close();
    await multiple?.close();
  });

  async function rowsOf(world: World, chart: Chart, condition?: string) {
    const toSeconds = Math.floor(nowMs / 1_000) + 60;
    const answer = await queryBothForms(world.client, chart.logstore, {
      query: narrowedQueryOf(chart, condition),
      fromSeconds: toSeconds - DAY_SECONDS,
      toSeconds,
    });
    expect(answer.complete).toBe(true);
    return answer.rows;
  }

  it('has an expectation for every chart', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(charts.map(({ id }) => id).sort());
  });

  it.each(charts.map((chart) => [chart.id, chart] as const))('%s equals the truth', async (id, chart) => {
    const expected = EXPECTED[id]?.(known) ?? [];
    expect(expected.length).toBeGreaterThan(0);
    expect(compare(chart, await rowsOf(single, chart), expected)).toEqual([]);
  });

  it.each(charts.map((chart) => [chart.id, chart] as const))(
    '%s stays the same with every record three times, in any order, among provisional rows',
    async (id, chart) => {
      expect(compare(chart, await rowsOf(multiple, chart), EXPECTED[id]?.(known) ?? [])).toEqual([]);
    },
  );

  it.each(charts.map((chart) => [chart.id, chart] as const))('%s narrows to a label', async (id, chart) => {
    const ios = known.filter(({ labels }) => labels['platform'] === 'ios');
    const rows = await rowsOf(multiple, chart, "json_extract_scalar(labels, '$.platform') = 'ios'");
    expect(compare(chart, rows, EXPECTED[id]?.(ios) ?? [])).toEqual([]);
  });

  it.each(charts.map((chart) => [chart.id, chart] as const))('%s works on no data', async (_, chart) => {
    const rows = await rowsOf(single, chart, "json_extract_scalar(labels, '$.platform') = 'nowhere'");
    expect(chart.kind === 'stat' ? Number(rows[0]?.['value']) : rows.length).toBe(0);
  });

  it('would notice a wrong figure (control)', async () => {
    const [chart] = charts.filter(({ id }) => id === 'where-stage');
    if (chart === undefined) throw new Error('no such chart');
    const rows = await rowsOf(single, chart);
    expect(compare(chart, rows, EXPECTED['where-stage']?.(known.slice(1_000)) ?? [])).not.toEqual([]);
  });
});

describe('a face-only and a full solution side by side', () => {
  it('show a loss only where people were lost', async () => {
    const nowMs = Date.now();
    const world = await World.open({ clock: () => nowMs });
    try {
      const drawn = drawAnswered(5, 3_000, nowMs);
      await store(
        world,
        drawn.map(({ final }) => final),
        nowMs,
      );
      const chart = charts.find(({ id }) => id === 'funnel-by-solution');
      if (chart === undefined) throw new Error('no such chart');
      const toSeconds = Math.floor(nowMs / 1_000) + 60;
      const { rows } = await world.client.query(chart.logstore, {
        query: queryOf(chart),
        fromSeconds: toSeconds - DAY_SECONDS,
        toSeconds,
      });
      const stagesOf = (solution: string) =>
        rows.filter((row) => row['solution'] === solution).map((row) => row['stage']);
      expect(stagesOf('FACE_LIVENESS')).not.toContain('OCR_SCAN');
      expect(stagesOf('FACE_LIVENESS')).not.toContain('NFC_READ');
      expect(stagesOf('eKYC')).toContain('OCR_SCAN');
      expect(stagesOf('eKYC')).not.toContain('NFC_READ');
      for (const row of rows.filter(({ left_here }) => left_here !== 'null')) {
        const lost = drawn.filter(
          ({ known }) =>
            known.labels['product_code'] === row['solution'] &&
            (known.stage ?? 'none') === row['stage'] &&
            known.journey === 'interrupted',
        );
        expect(Number(row['left_here'])).toBe(lost.length);
      }
    } finally {
      await world.close();
    }
  });
});
