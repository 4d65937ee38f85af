import { afterEach, describe, expect, it } from '@jest/globals';
import { ALERTS } from '../../../shared/charts/alerts.ts';
import { queryOf } from '../../../shared/charts/chart.ts';
import { DASHBOARDS } from '../../../shared/charts/dashboards.ts';
import { SAVED_SEARCHES } from '../../../shared/charts/saved-searches.ts';
import { readLedger } from '../../../shared/ledger.ts';
import { toContents } from '../../../shared/logstores/field-table.ts';
import { SWEEP_FIELDS, SWEEPS_LOGSTORE, type SweepRow } from '../../../shared/logstores/sweeps.ts';
import { toRecord } from '../../../shared/record/record.ts';
import { isRaised as evaluate } from '../../support/alert-check.ts';
import { queryBothForms } from '../../support/both-forms.ts';
import { drawAnswered, register, store } from '../../support/drawn-sessions.ts';
import { DEFAULT_WINDOWS } from '../../support/windows.ts';
import { World } from '../../support/world.ts';

/** The operations dashboard, the alerts and the saved searches over planted rows. */
const WEEK_MS = 604_800_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const OPERATIONS = DASHBOARDS.find(({ name }) => name === 'idv-operations');
const charts = OPERATIONS?.sections.flatMap((section) => section.charts) ?? [];

let world: World | undefined;
let nowMs = 0;
/** When the queries are asked: usually now. */
let askedAtMs = 0;

async function open(): Promise<World> {
  nowMs = Date.now();
  askedAtMs = nowMs;
  world = await World.open({ clock: () => nowMs });
  return world;
}

afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function ask(logstore: string, query: string, windowSeconds: number) {
  const toSeconds = Math.ceil(askedAtMs / 1_000) + 1;
  if (world === undefined) throw new Error('no world');
  const fromSeconds = toSeconds - windowSeconds;
  const { rows, complete } = await queryBothForms(world.client, logstore, { query, fromSeconds, toSeconds });
  expect(complete).toBe(true);
  return rows;
}

async function report(rows: ReadonlyArray<Partial<SweepRow>>) {
  await world?.client.putLogs(
    SWEEPS_LOGSTORE,
    rows.map((row) => ({
      timeSeconds: Math.floor(nowMs / 1_000),
      contents: toContents(SWEEP_FIELDS, { started_at_ms: nowMs - 5_000, ended_at_ms: nowMs, ...row }),
    })),
  );
}

function chart(id: string) {
  const found = charts.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no chart ${id}`);
  return found;
}

const rowsOf = (id: string) => ask(chart(id).logstore, queryOf(chart(id)), 86_400);

/** As SLS would evaluate it when the queries are asked. */
async function isRaised(name: string): Promise<boolean> {
  if (world === undefined) throw new Error('no world');
  return evaluate(world.client, name, askedAtMs);
}

describe('the operations dashboard', () => {
  it.each(charts.map(({ id }) => [id]))('%s works on no data', async (id) => {
    await open();
    const rows = await rowsOf(id);
    expect(rows).toEqual([]);
  });

  it('shows the ledger that the API answers', async () => {
    const { client } = await open();
    const drawn = drawAnswered(3, 60, nowMs);
    await register(world as World, drawn, nowMs);
    const finals = drawn.slice(0, 40).map(({ final }) => final);
    const gaveUp = drawn.slice(40, 43).map(({ session }) =>
      toRecord({
        transactionId: session.transactionId,
        source: 'sweep',
        attempt: 8,
        region: 'ap-southeast-1',
        askedAtMs: nowMs,
        final: true,
        disposition: 'gave_up',
        code: 'InternalError',
      }),
    );
    await store(
      world as World,
      [...finals, ...finals, ...gaveUp, ...drawn.slice(43, 50).map((one) => one.provisional)],
      nowMs,
    );
    await report([{ ended: 'done', checkpoint_at_ms: nowMs - 60 * MINUTE_MS }]);
    const ledger = await readLedger(client, {
      fromMs: nowMs - WEEK_MS,
      toMs: nowMs + 1,
      nowMs,
      windows: DEFAULT_WINDOWS,
    });
    const entries = Object.fromEntries(
      (await rowsOf('ledger')).map((row) => [row['entry'], Number(row['n'])]),
    );
    const truth = drawn.slice(0, 40).map(({ known }) => known.journey);
    expect(entries).toEqual({
      registered: 60,
      finished: truth.filter((journey) => journey === 'finished').length,
      interrupted: truth.filter((journey) => journey === 'interrupted').length,
      not_started: truth.filter((journey) => journey === 'not_started').length,
      gave_up: 3,
      waiting: 17,
    });
    expect(ledger).toMatchObject({
      registered: 60,
      finished: entries['finished'],
      gaveUp: 3,
      waiting: 17,
      residual: 0,
    });
    expect(await rowsOf('no-answer')).toEqual([
      expect.objectContaining({ disposition: 'gave_up', code: 'InternalError', n: '3' }),
    ]);
  });

  it('shows where the sweep stands, and what the runs did', async () => {
    await open();
    await report([
      {
        ended: 'done',
        ended_at_ms: nowMs - 60_000,
        lag_ms: 0,
        backlog: 0,
        asked: 100,
        calls: 110,
        throttled: 11,
        final_count: 90,
        requeued: 10,
      },
      {
        ended: 'deadline',
        lag_ms: 7_000,
        backlog: 30,
        near_end: 2,
        asked: 50,
        calls: 50,
        throttled: 5,
        final_count: 50,
        pace_asked_per_minute: 480,
        pace_reached_per_minute: 360,
      },
      { ended: 'busy' },
      { ended: 'busy' },
    ]);
    expect(await rowsOf('newest-run')).toEqual([
      expect.objectContaining({ ended: 'deadline', lag_ms: '7000', backlog: '30', near_end: '2' }),
    ]);
    expect(Object.fromEntries((await rowsOf('run-ends')).map((row) => [row['ended'], row['n']]))).toEqual({
      busy: '2',
      deadline: '1',
      done: '1',
    });
    expect(await rowsOf('pace')).toEqual([
      expect.objectContaining({ use_percent: '75.0', throttled_percent: '10.0' }),
    ]);
    expect(await rowsOf('queue-work')).toEqual([
      expect.objectContaining({ asked: '150', final_count: '140', requeued: '10', lag_ms: '7000' }),
    ]);
    expect(await rowsOf('latest-runs')).toHaveLength(4);
  });
});

describe('the alerts', () => {
  it('are quiet when all is well', async () => {
    await open();
    const drawn = drawAnswered(4, 200, nowMs);
    await register(world as World, drawn, nowMs);
    await store(
      world as World,
      drawn.map(({ final }) => final),
      nowMs,
    );
    await report([
      { ended: 'done', calls: 200, throttled: 0, checkpoint_at_ms: nowMs - 30 * MINUTE_MS },
      { ended: 'busy' },
    ]);
    for (const { name } of ALERTS.filter((alert) => alert.name !== 'idv-unknown-values')) {
      expect(`${name} ${await isRaised(name)}`).toBe(`${name} false`);
    }
  });

  it('idv-residual: the sweep has passed a transaction without a record', async () => {
    await open();
    await register(world as World, drawAnswered(4, 3, nowMs), nowMs);
    await report([{ ended: 'done', checkpoint_at_ms: nowMs + 10 * MINUTE_MS }]);
    expect(await isRaised('idv-residual')).toBe(true);
  });

  const BUSY = { ended: 'busy', asked: 0, final_count: 0 } as const;
  const AT_DEADLINE = {
    ended: 'deadline',
    lag_ms: 60_000,
    requeued: 0,
    handed_back: 0,
    duplicates: 0,
  } as const;

  it.each<[string, Partial<SweepRow>, boolean]>([
    ['was turned away, and knows nothing of the queue', BUSY, true],
    ['came late, and saw that nothing was left', { ...BUSY, lag_ms: 0, checkpoint_at_ms: 1 }, false],
    ['came late, and saw that something was left', { ...BUSY, lag_ms: 9_000, checkpoint_at_ms: 1 }, true],
    ['ended for want of time with something done', { ...AT_DEADLINE, final_count: 7 }, false],
    ['queued all again that it asked about', { ...AT_DEADLINE, final_count: 0, requeued: 7 }, false],
    ['ended for want of time with nothing done', { ...AT_DEADLINE, final_count: 0 }, true],
    ['lost its lease with something done', { ...AT_DEADLINE, ended: 'lease_lost', final_count: 7 }, false],
    ['lost its lease with nothing done', { ...AT_DEADLINE, ended: 'lease_lost', final_count: 0 }, true],
    ['left nothing to do', { ended: 'done', lag_ms: 0 }, false],
    ['does not know where the queue stands, but left nothing to do', { ended: 'done' }, false],
    ['gave up', { ended: 'error', lag_ms: 0 }, true],
    ['met an outage', { ended: 'upstream_down', final_count: 7 }, true],
  ])('idv-no-run: the only run %s', async (_, row, raised) => {
    await open();
    expect(await isRaised('idv-no-run')).toBe(true);
    await report([row]);
    expect(await isRaised('idv-no-run')).toBe(raised);
  });

  it.each([
    [59, false],
    [60, true],
  ])('idv-lag: %i minutes behind what is due', async (minutes, raised) => {
    await open();
    expect(await isRaised('idv-lag')).toBe(false);
    await report([{ ended: 'deadline', lag_ms: minutes * MINUTE_MS }, { ended: 'busy' }]);
    expect(await isRaised('idv-lag')).toBe(raised);
  });

  it('idv-invalid-cursor: a checkpoint that SLS no longer knew, in a run that else did its work', async () => {
    await open();
    await report([{ ended: 'done', invalid_cursors: 0, failed: 'false' }]);
    expect(await isRaised('idv-invalid-cursor')).toBe(false);
    await report([{ ended: 'done', invalid_cursors: 1, failed: 'true', lag_ms: 0 }]);
    expect(await isRaised('idv-invalid-cursor')).toBe(true);
  });

  it('idv-forbidden: a run ended for its rights', async () => {
    await open();
    await report([{ ended: 'forbidden' }]);
    expect(await isRaised('idv-forbidden')).toBe(true);
  });

  it.each([
    [5, false],
    [6, true],
  ])('idv-throttled: %i of 100 calls', async (throttled, raised) => {
    await open();
    await report([{ ended: 'done', calls: 100, throttled }]);
    expect(await isRaised('idv-throttled')).toBe(raised);
  });

  it.each([
    ['idv-interrupted-up', 0.7, true],
    ['idv-interrupted-up', 0.25, false],
    ['idv-camera-refused-up', 0.7, true],
    ['idv-camera-refused-up', 0.05, false],
  ])('%s: a share of %f now against about a quarter a week before is %s', async (name, share, raised) => {
    await open();
    const begun = drawAnswered(6, 2_500, nowMs).filter(({ known }) =>
      ['finished', 'interrupted'].includes(known.journey),
    );
    const hit = (one: (typeof begun)[number]) =>
      name === 'idv-interrupted-up'
        ? one.known.journey === 'interrupted'
        : one.known.permissionOutcome !== 'none';
    const [yes, no] = [begun.filter(hit), begun.filter((one) => !hit(one))];
    const mix = (part: number, total: number, start: number) => [
      ...yes.slice(start, start + Math.round(part * total)),
      ...no.slice(start, start + Math.round((1 - part) * total)),
    ];
    const lastWeek = mix(name === 'idv-interrupted-up' ? 0.25 : 0.05, 130, 0);
    const now = mix(
      share,
      Math.min(170, Math.floor(Math.min(yes.length / share, no.length / (1 - share)))),
      0,
    );
    expect(Math.min(lastWeek.length, now.length)).toBeGreaterThanOrEqual(100);
    // SLS takes no log older than seven days, so the alert is asked from two hours ahead.
    askedAtMs = nowMs + 2 * HOUR_MS;
    await store(
      world as World,
      lastWeek.map(({ final }) => final),
      nowMs - WEEK_MS + HOUR_MS,
    );
    await store(
      world as World,
      now.map(({ final }) => final),
      nowMs,
    );
    expect(await isRaised(name)).toBe(raised);
  });

  it.each([
    [1, false],
    [2, true],
  ])('idv-unknown-values: %i of 150 answers', async (count, raised) => {
    await open();
    const known = drawAnswered(8, 400, nowMs)
      .filter(({ final }) => final.record.cause !== 'unknown')
      .slice(0, 150 - count);
    const odd = Array.from({ length: count }, (_, index) =>
      toRecord({
        transactionId: `odd${index}`,
        source: 'sweep',
        attempt: 1,
        region: 'ap-southeast-1',
        askedAtMs: nowMs,
        final: true,
        disposition: 'answered',
        code: 'Success',
        result: { VerifyStatus: '7' },
      }),
    );
    await store(world as World, [...known.map(({ final }) => final), ...odd], nowMs);
    expect(await isRaised('idv-unknown-values')).toBe(raised);
  });
});

describe('the saved searches', () => {
  it.each(SAVED_SEARCHES.map((saved) => [saved.name, saved] as const))(
    '%s runs, on data and on none',
    async (name, saved) => {
      await open();
      expect(await ask(saved.logstore, queryOf(saved), 86_400)).toEqual([]);
      const drawn = drawAnswered(9, 50, nowMs);
      await store(
        world as World,
        drawn.flatMap(({ final, provisional }) => [final, provisional, final]),
        nowMs,
      );
      const rows = await ask(saved.logstore, queryOf(saved), 86_400);
      if (name === 'idv-view') expect(rows).toHaveLength(50);
      if (name === 'idv-lost')
        expect(rows).toHaveLength(drawn.filter(({ known }) => known.journey === 'interrupted').length);
      if (name === 'idv-no-answer') expect(rows).toEqual([]);
    },
  );

  it('idv-timeline shows the lines of the newest answer only, each once', async () => {
    await open();
    const transactionId = 'asked-twice';
    // Answers of a session that goes on: two lines, then the whole log, which came twice.
    const early = answerOf(
      transactionId,
      ['2026-11-20 10:00:00 LOADING_ENTER', '2026-11-20 10:00:01 Odd'],
      false,
    );
    const whole = answerOf(
      transactionId,
      [
        '2026-11-20 10:00:00 LOADING_ENTER',
        '2026-11-20 10:00:02 LOADING_EXIT',
        '2026-11-20 10:00:03 FACE_ENTER',
      ],
      true,
    );
    await store(world as World, [early, whole, whole], nowMs);
    const saved = SAVED_SEARCHES.find((each) => each.name === 'idv-timeline');
    if (saved === undefined) throw new Error('no such search');
    const rows = await ask(saved.logstore, queryOf(saved), 86_400);
    expect(rows.map(({ seq, text }) => `${seq} ${text}`)).toEqual([
      '1 LOADING_ENTER',
      '2 LOADING_EXIT',
      '3 FACE_ENTER',
    ]);
  });
});

function answerOf(transactionId: string, lines: readonly string[], final: boolean) {
  return toRecord({
    transactionId,
    source: 'sweep',
    attempt: 1,
    region: 'ap-southeast-1',
    askedAtMs: nowMs - (final ? 0 : 60_000),
    final,
    disposition: 'answered',
    code: 'Success',
    result: { VerifyStatus: '1', LogInfoEn: lines },
  });
}
