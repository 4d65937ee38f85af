import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { queryOf } from '../../../shared/charts/chart.ts';
import { DASHBOARDS } from '../../../shared/charts/dashboards.ts';
import { type HandMade, rowOfResult } from '../../support/drawn-sessions.ts';
import { World } from '../../support/world.ts';

/**
 * Four solutions side by side, written down by hand: who was on which page is known because it is written here.
 * A page that a solution does not have was entered by nobody of it.
 */
const DAY_SECONDS = 86_400;
const charts = DASHBOARDS.flatMap(({ sections }) => sections.flatMap((section) => section.charts));
const MS_BY_PAGE = { LOADING: 900, GUIDE: 4_000, OCR_SCAN: 12_000, OCR_RESULT: 5_000 } as const;

/** The pages that were gone through, and where it ended: a Chinese and an English last page, or the end. */
interface Plan {
  readonly solution: string;
  readonly times: number;
  readonly pages: readonly string[];
  readonly left?: { readonly zh?: string; readonly en?: string };
  /** The client's log and statistics did not come. */
  readonly withoutLog?: true;
}

const KYC = ['LOADING', 'GUIDE', 'OCR_SCAN', 'OCR_RESULT', 'FACE'];
const PLANS: readonly Plan[] = [
  // Document and face: 22 opened, 12 of them finished.
  { solution: 'KYC', times: 12, pages: KYC },
  { solution: 'KYC', times: 4, pages: ['LOADING', 'GUIDE'], left: { zh: 'OCR拍摄证件页面', en: 'OCR_SCAN' } },
  {
    solution: 'KYC',
    times: 3,
    pages: ['LOADING', 'OCR_SCAN', 'OCR_RESULT'],
    left: { zh: '活体检测引导页面', en: 'GUIDE' },
  },
  { solution: 'KYC', times: 1, pages: ['LOADING', 'GUIDE', 'OCR_SCAN'], left: {} },
  { solution: 'KYC', times: 2, pages: ['LOADING', 'GUIDE'], left: { en: 'VIDEO_CALL' } },
  // Face alone: 10 opened, 7 finished.
  { solution: 'FACE', times: 7, pages: ['LOADING', 'FACE'] },
  { solution: 'FACE', times: 3, pages: ['LOADING'], left: { zh: '活体检测页面', en: 'FACE' } },
  // A chip and a face, no photograph: 8 opened, 5 finished.
  { solution: 'NFC', times: 5, pages: ['LOADING', 'NFC_INPUT', 'NFC_READ', 'FACE'] },
  { solution: 'NFC', times: 3, pages: ['LOADING', 'NFC_INPUT'], left: { en: 'NFC_READ' } },
  // A document alone: 7 opened, 6 finished.
  { solution: 'OCR', times: 6, pages: ['LOADING', 'GUIDE', 'OCR_SCAN', 'OCR_RESULT'] },
  {
    solution: 'OCR',
    times: 1,
    pages: ['LOADING', 'GUIDE', 'OCR_SCAN'],
    left: { zh: 'OCR识别结果编辑页面', en: 'OCR_RESULT' },
  },
  // Answers without a log: of one that left the last page is known, of two that finished no page at all.
  { solution: 'OCR', times: 1, pages: [], left: { en: 'OCR_SCAN' }, withoutLog: true },
  { solution: 'FACE', times: 2, pages: [], withoutLog: true },
];

function resultOf({ pages, left, withoutLog }: Plan): unknown {
  const ended =
    left === undefined
      ? { VerifyStatus: '0', Passed: 'Y', SubCode: '200', VerifyErrorCode: '1000' }
      : {
          VerifyStatus: '1',
          VerifyErrorCode: '1006',
          ...(left.zh === undefined ? {} : { InterruptPage: left.zh }),
          ...(left.en === undefined ? {} : { InterruptPageEn: left.en }),
        };
  if (withoutLog) return ended;
  const stays = Object.fromEntries(
    pages.map((page) => [page, String(MS_BY_PAGE[page as keyof typeof MS_BY_PAGE] ?? 3_000)]),
  );
  return {
    ...ended,
    LogInfo: ['2026-11-20 10:00:00 Loading阶段结束'],
    LogInfoEn: ['2026-11-20 10:00:00 LOADING_EXIT'],
    LogStatisticsInfo: JSON.stringify({ pageStayTimeInfo: stays }),
  };
}

const NEVER_OPENED = { VerifyStatus: '2', InterruptPage: '页面未启动', InterruptPageEn: 'LOADING' };
const NEVER_OPENED_COUNT = 9;
/** Rows of a version that did not keep pages: five finished, two left on the liveness page, one was never opened. */
const OLDER = [...Array(5).fill('finished'), ...Array(2).fill('interrupted'), 'not_started'] as string[];
const PATH_COLUMNS = /^(on_|path_version$)/;

/** By hand, from the plans above and the older rows: [stage, entered, left here]. */
const BLENDED = [
  ['ALL', 22 + 10 + 8 + 7 + 1 + 2 + NEVER_OPENED_COUNT + OLDER.length, 'null'],
  ['LOADING', 22 + 10 + 8 + 7, 0],
  // Of the document solutions; three came to it by the guide page of the face.
  ['GUIDE', 12 + 4 + 3 + 1 + 2 + 7, 3],
  ['OCR_SCAN', 12 + 4 + 3 + 1 + 7 + 1, 4 + 1],
  ['OCR_RESULT', 12 + 3 + 7, 1],
  ['NFC_INPUT', 8, 0],
  ['NFC_READ', 8, 3],
  // The older rows that left here are known to have been here.
  ['FACE', 12 + 10 + 5 + 2, 3 + 2],
  ['FINISHED', 12 + 7 + 5 + 6 + 2 + 5, 'null'],
  ['none', 'null', 1],
  ['unknown', 'null', 2],
  ['no_log', 3, 'null'],
  ['not_measured', 5 + 2, 'null'],
].map((row) => row.map(String));

describe('the funnel of four solutions', () => {
  const nowMs = Date.now();
  const openedAtMs = nowMs - 7_200_000;
  let world: World;
  let made = 0;

  function id(): string {
    made += 1;
    return `hand${made}`;
  }

  beforeAll(async () => {
    world = await World.open({ clock: () => nowMs });
    const planned = PLANS.flatMap((plan) =>
      Array.from({ length: plan.times }, () =>
        rowOfResult(id(), resultOf(plan), { openedAtMs, labels: { product_code: plan.solution } }),
      ),
    );
    const neverOpened = Array.from({ length: NEVER_OPENED_COUNT }, () =>
      rowOfResult(id(), NEVER_OPENED, { openedAtMs, labels: { product_code: 'KYC' } }),
    );
    const older = OLDER.map((journey) => {
      const plan = { solution: 'KYC', times: 1, pages: KYC } as const;
      const left = { zh: '活体检测页面', en: 'FACE' };
      const opened = resultOf(journey === 'finished' ? plan : { ...plan, left });
      const result = journey === 'not_started' ? NEVER_OPENED : opened;
      return withoutPath(rowOfResult(id(), result, { openedAtMs, labels: { product_code: 'older' } }));
    });
    await world.put('idv-records', [...planned, ...neverOpened, ...older], { timeMs: nowMs });
  });

  afterAll(() => world?.close());

  function withoutPath(row: HandMade): HandMade {
    return Object.fromEntries(Object.entries(row).filter(([column]) => !PATH_COLUMNS.test(column)));
  }

  async function rowsOf(id: string) {
    const chart = charts.find((each) => each.id === id);
    if (chart === undefined) throw new Error(`no chart ${id}`);
    const toSeconds = Math.floor(nowMs / 1_000) + 60;
    const range = { fromSeconds: toSeconds - DAY_SECONDS, toSeconds };
    const { rows, complete } = await world.client.query(chart.logstore, { query: queryOf(chart), ...range });
    expect(complete).toBe(true);
    return rows;
  }

  it('counts as entered who is known to have been there, and nobody else', async () => {
    const rows = await rowsOf('funnel');
    expect(rows.map((row) => [row['stage'], row['entered'], row['left_here']])).toEqual(BLENDED);
  });

  it('shows no share, which would need the steps that a solution lacks', async () => {
    const [row = {}] = await rowsOf('funnel');
    expect(Object.keys(row).sort()).toEqual(['entered', 'left_here', 'note', 'stage']);
  });

  it('says where most people left', async () => {
    const noted = (await rowsOf('funnel')).filter((row) => row['note'] !== '');
    expect(noted.map((row) => row['stage'])).toEqual(['OCR_SCAN', 'FACE']);
  });

  it.each([
    ['FACE', 'LOADING 10 0|FACE 10 3|FINISHED 9 null|no_log 2 null'],
    ['NFC', 'LOADING 8 0|NFC_INPUT 8 0|NFC_READ 8 3|FACE 5 0|FINISHED 5 null'],
    ['OCR', 'LOADING 7 0|GUIDE 7 0|OCR_SCAN 8 1|OCR_RESULT 7 1|FINISHED 6 null|no_log 1 null'],
    ['older', 'FACE 2 2|FINISHED 5 null|not_measured 7 null'],
  ])('of %s alone has its own pages only', async (solution, expected) => {
    const rows = (await rowsOf('funnel-by-solution')).filter((row) => row['solution'] === solution);
    const told = rows
      .filter((row) => row['stage'] !== 'ALL')
      .map((row) => [row['stage'], row['entered'], row['left_here']].join(' '));
    expect(told.join('|')).toBe(expected);
  });
});
