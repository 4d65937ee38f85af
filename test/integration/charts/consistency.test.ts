import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Chart, queryOf } from '../../../shared/charts/chart.ts';
import { CHARTS } from '../../../shared/charts/dashboards.ts';
import type { HandMade } from '../../support/drawn-sessions.ts';
import { World } from '../../support/world.ts';

/**
 * Charts whose parts are parts of the same whole, over rows written by hand in which every field is missing once
 * and says once what nobody knows. What is not known may not be counted as yes, as no, or not at all.
 */
const DAY_SECONDS = 86_400;
type Row = Readonly<Record<string, string>>;

const JOURNEYS = ['finished', 'interrupted', 'not_started', 'unknown:9'] as const;

/** Each is laid over a whole row; undefined takes the field away. */
const VARIATIONS: ReadonlyArray<Readonly<Record<string, string | number | undefined>>> = [
  {},
  { stage: undefined },
  { stage: '' },
  { stage: 'unknown:VIDEO_CALL' },
  { stage: 'LOBBY' },
  { stage_reached: undefined },
  { interrupt_page: undefined },
  { interrupt_page_en: undefined },
  { interrupt_page: undefined, interrupt_page_en: undefined, stage: undefined },
  { cause: undefined, recoverable: undefined },
  { cause: 'unknown', recoverable: undefined },
  { cause: 'something_new', recoverable: 'maybe' },
  { recoverable: undefined },
  { recoverable: 'false' },
  { passed: undefined },
  { permission_outcome: undefined },
  { permission_outcome: 'left_there' },
  { permission_outcome: 'something_new' },
  { log_coverage: undefined },
  { log_coverage: 'none', on_loading: undefined, on_face: undefined },
  { path_version: undefined, on_loading: undefined, on_face: undefined },
  { labels: undefined },
  { labels: 'not json' },
  { labels: '{"platform":"ios"}' },
  { initialized_at_ms: undefined },
  { initialized_at_ms: undefined, registered_at_ms: undefined },
  { contradictions: 'a,b', contradiction_count: 2 },
  { contradictions: undefined, contradiction_count: undefined },
  { ocr_retries: undefined, face_retries: undefined, ocr_edits: undefined },
];
const EACH = VARIATIONS.length;

function wholeRow(journey: string, nowMs: number): HandMade & { readonly journey: string } {
  const interrupted = journey === 'interrupted';
  return {
    final: 'true',
    disposition: 'answered',
    code: 'Success',
    journey,
    initialized_at_ms: nowMs - 7_200_000,
    registered_at_ms: nowMs - 7_199_000,
    labels: '{"product_code":"KYC","platform":"web"}',
    log_coverage: 'full',
    path_version: 1,
    on_loading: 1,
    on_face: 1,
    stage_reached: journey === 'finished' ? 8 : journey === 'interrupted' ? 7 : 0,
    permission_outcome: 'none',
    contradictions: 'a',
    contradiction_count: 1,
    ocr_retries: 0,
    face_retries: 1,
    ocr_edits: 0,
    stay_ocr_result_ms: 900,
    stay_face_ms: 4_000,
    ...(journey === 'finished' ? { passed: 'Y' } : {}),
    ...(interrupted
      ? { stage: 'FACE', interrupt_page: '活体检测页面', interrupt_page_en: 'FACE', recoverable: 'true' }
      : {}),
    cause: interrupted ? 'user_left' : journey === 'finished' ? 'passed' : 'never_opened',
  };
}

async function answerOf(world: World, chart: Chart, nowMs: number): Promise<readonly Row[]> {
  const toSeconds = Math.floor(nowMs / 1_000) + 60;
  const range = { fromSeconds: toSeconds - DAY_SECONDS, toSeconds };
  const answer = await world.client.query(chart.logstore, { query: queryOf(chart), ...range });
  expect(answer.complete).toBe(true);
  return answer.rows;
}

describe('figures of the same whole', () => {
  const nowMs = Date.now();
  let world: World;
  let rows: HandMade[];
  const answers = new Map<string, readonly Row[]>();

  beforeAll(async () => {
    world = await World.open({ clock: () => nowMs });
    rows = JOURNEYS.flatMap((journey) =>
      VARIATIONS.map((variation, index) => {
        const id = `${journey.slice(0, 3)}${index}`;
        const row = { ...wholeRow(journey, nowMs), ...variation, transaction_id: id, view_key: `3${id}` };
        return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
      }),
    );
    // A status that is not there at all: the ledger calls it unknown.
    const { journey: _, ...withoutJourney } = wholeRow('', nowMs);
    rows.push({ ...withoutJourney, transaction_id: 'none', view_key: '3none' });
    await world.put('idv-records', rows, { timeMs: nowMs });
    await world.put(
      'idv-pending',
      [...rows.map((row) => row['transaction_id']), ''].map((transaction_id) => ({
        transaction_id,
        registered_at_ms: nowMs - 7_199_000,
      })),
      { timeMs: nowMs },
    );
    for (const chart of CHARTS) answers.set(chart.id, await answerOf(world, chart, nowMs));
  });

  afterAll(() => world?.close());

  const of = (id: string): readonly Row[] => {
    const found = answers.get(id);
    if (found === undefined) throw new Error(`no chart ${id}`);
    return found;
  };
  const sum = (id: string, column: string) =>
    of(id).reduce((total, row) => total + (row[column] === 'null' ? 0 : Number(row[column])), 0);
  const byKey = (id: string, key: string, value: string) =>
    Object.fromEntries(
      of(id)
        .filter((row) => row[value] !== 'null')
        .map((row) => [row[key], Number(row[value])]),
    );
  const headline = (name: string) => Number(of(`headline-${name}`)[0]?.['value']);
  const answered = () => rows.length;

  it('the rows are as many as were written (control)', () => {
    expect(rows).toHaveLength(JOURNEYS.length * EACH + 1);
    expect(new Set(rows.map((row) => row['transaction_id'])).size).toBe(rows.length);
  });

  it('all answered sessions', () => {
    expect(of('data-quality')[0]?.['answered']).toBe(String(answered()));
    expect(byKey('funnel', 'stage', 'entered')).toMatchObject({ ALL: answered(), FINISHED: EACH });
    expect(sum('ledger', 'n')).toBe(2 * answered());
    expect(headline('registered')).toBe(answered());
    // One of each kind of session has no time at all, and no place on a time axis.
    expect(sum('trend', 'answered')).toBe(answered() - JOURNEYS.length);
  });

  it('journeys: headline, ledger and trend', () => {
    expect(byKey('ledger', 'entry', 'n')).toEqual({
      registered: answered(),
      finished: EACH,
      interrupted: EACH,
      not_started: EACH,
      unknown: EACH + 1,
    });
    expect(['finished', 'interrupted', 'not-started'].map(headline)).toEqual([EACH, EACH, EACH]);
    // Whoever finished or was interrupted had opened it.
    expect(headline('opened')).toBe(2 * EACH);
    for (const row of [...of('trend'), ...of('breakdown')]) {
      const parts = ['finished', 'interrupted', 'not_started', 'unknown'];
      const whole = parts.reduce((total, part) => total + Number(row[`${part}_percent`]), 0);
      expect(Math.abs(whole - 100)).toBeLessThan(0.3);
    }
  });

  it('interrupted sessions: headline, stage, page, cause, funnel, list', () => {
    expect(headline('interrupted')).toBe(EACH);
    expect(sum('where-stage', 'lost')).toBe(EACH);
    expect(sum('where-page', 'lost')).toBe(EACH);
    expect(sum('why-cause', 'lost')).toBe(EACH);
    expect(sum('funnel', 'left_here')).toBe(EACH);
    expect(sum('funnel-by-solution', 'left_here')).toBe(EACH);
    expect(of('latest-lost')).toHaveLength(Math.min(50, EACH));
  });

  it('where they left: bar and funnel, page by page', () => {
    const byStage = byKey('where-stage', 'stage', 'lost');
    // By hand: a stage was taken away twice, emptied once, unknown twice.
    expect(byStage).toEqual({ FACE: EACH - 5, none: 2, '': 1, 'unknown:VIDEO_CALL': 1, LOBBY: 1 });
    const left = byKey('funnel', 'stage', 'left_here');
    expect(left).toMatchObject({ FACE: byStage['FACE'], none: 2, unknown: 3 });
  });

  it('the funnel of all solutions is the sum of those of each', () => {
    for (const figure of ['entered', 'left_here']) {
      const summed: Record<string, number> = {};
      for (const row of of('funnel-by-solution').filter((each) => each[figure] !== 'null')) {
        const stage = row['stage'] ?? '';
        summed[stage] = (summed[stage] ?? 0) + Number(row[figure]);
      }
      expect(summed).toEqual(byKey('funnel', 'stage', figure));
    }
  });

  it('recoverable, not recoverable, and not known', () => {
    for (const row of of('why-cause')) {
      const parts = ['recoverable', 'not_recoverable', 'outlook_unknown'].map((name) => Number(row[name]));
      expect(parts.reduce((total, part) => total + part, 0)).toBe(Number(row['lost']));
    }
    // By hand: said to be so once; taken away twice with the cause, once alone; once a word nobody knows.
    expect(sum('why-cause', 'not_recoverable')).toBe(1);
    expect(sum('why-cause', 'outlook_unknown')).toBe(4);
    const unknown = of('why-cause').find((row) => row['cause'] === 'unknown');
    expect(unknown).toMatchObject({
      lost: '2',
      recoverable: '0',
      not_recoverable: '0',
      outlook_unknown: '2',
    });
    expect(unknown?.['recoverable_percent']).toBe('null');
  });

  it('permission: every session that was begun has a bar', () => {
    expect(sum('permission-outcomes', 'n')).toBe(2 * EACH);
    expect(byKey('permission-outcomes', 'permission_outcome', 'n')).toMatchObject({ unknown: 2 });
    const shares = of('permission-outcomes').filter((row) => row['share_of_refused_percent'] !== 'null');
    expect(shares.map((row) => row['permission_outcome']).sort()).toEqual(['left_there', 'something_new']);
  });

  it('data quality: what is unknown by any chart is unknown here', () => {
    const isUnknown = (row: HandMade) =>
      !['finished', 'interrupted', 'not_started'].includes(String(row['journey'])) ||
      String(row['stage'] ?? '').startsWith('unknown:') ||
      [undefined, 'unknown'].includes(row['cause'] as string | undefined);
    const share = (100 * rows.filter(isUnknown).length) / answered();
    const [quality] = of('data-quality');
    expect(Math.abs(Number(quality?.['unknown_percent']) - share)).toBeLessThan(0.06);
    const coverage = ['full_log', 'partial_log', 'no_log'].map((name) =>
      Number(quality?.[`${name}_percent`]),
    );
    const told = 100 * (1 - JOURNEYS.length / answered());
    expect(Math.abs(coverage.reduce((total, part) => total + part, 0) - told)).toBeLessThan(0.2);
  });
});

describe('sessions without a label', () => {
  const nowMs = Date.now();
  let world: World;

  beforeAll(async () => {
    world = await World.open({ clock: () => nowMs });
  });

  afterAll(() => world?.close());

  /** Of 40 each: half of web was lost, a quarter of ios, and all of those whose platform nobody gave. */
  it('are not counted as having another value of it', async () => {
    const groups = [
      ['web', '{"platform":"web"}', 20],
      ['ios', '{"platform":"ios"}', 10],
      ['bare', undefined, 40],
    ] as const;
    const rows = groups.flatMap(([name, labels, lost]) =>
      Array.from({ length: 40 }, (_, index) => {
        const { labels: __, ...row } = wholeRow(index < lost ? 'interrupted' : 'finished', nowMs);
        const transaction_id = `${name}${index}`;
        return { ...row, ...(labels === undefined ? {} : { labels }), transaction_id, view_key: '3' };
      }),
    );
    await world.put('idv-records', rows, { timeMs: nowMs });
    const chart = CHARTS.find(({ id }) => id === 'factors');
    if (chart === undefined) throw new Error('no such chart');
    const found = (await answerOf(world, chart, nowMs)).map((row) => [
      row['factor'],
      row['n'],
      row['left_percent'],
      row['left_without_percent'],
    ]);
    expect(found).toEqual([
      ['platform = web', '40', '50.0', '25.0'],
      ['platform = ios', '40', '25.0', '50.0'],
    ]);
  });
});
