/**
 * What every chart has to show, computed from the known truth of the sessions in plain TypeScript. It shares no
 * code with the SQL. Percentages are exact here; the charts round them.
 */
export interface Known {
  readonly transactionId: string;
  readonly openedAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly journey: string;
  readonly passed: boolean | undefined;
  readonly stage: string | undefined;
  readonly stageReached: number;
  readonly entered: readonly string[];
  readonly cause: string;
  /** undefined where nobody can tell. */
  readonly recoverable: boolean | undefined;
  readonly page: string | undefined;
  readonly pageEn: string | undefined;
  /** undefined where the answer had no statistics. */
  readonly counters:
    | {
        readonly ocr: number;
        readonly ocrEdits: number;
        readonly ocrEditRetries: number;
        readonly face: number;
      }
    | undefined;
  readonly staysMs: Readonly<Record<string, number>>;
  readonly permissionOutcome: string | undefined;
  readonly hiddenMs: number | undefined;
  readonly contradictions: readonly string[];
  readonly logCoverage: string;
}

export type ExpectedRow = Readonly<Record<string, string | number | null>>;

const PAGES = ['LOADING', 'GUIDE', 'OCR_SCAN', 'OCR_RESULT', 'NFC_INPUT', 'NFC_READ', 'FACE'];
const FEWEST = 30;

const share = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);
const count = (known: readonly Known[], test: (one: Known) => boolean): number => known.filter(test).length;
const interrupted = (known: readonly Known[]) => known.filter(({ journey }) => journey === 'interrupted');
const begun = (known: readonly Known[]) =>
  known.filter(({ journey }) => journey === 'finished' || journey === 'interrupted');

export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** The smallest value with at least `part` of all values at or below it. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** `left`: the interrupted sessions by their last page. Rows of nobody are left out. */
function funnel(known: readonly Known[]): ExpectedRow[] {
  const left = grouped(interrupted(known), ({ stage }) => stage ?? 'none');
  const leftAt = (stage: string) => left.get(stage)?.length ?? 0;
  const rows: Array<{ stage: string; entered: number | null; left_here: number | null }> = [
    { stage: 'ALL', entered: known.length, left_here: null },
    ...PAGES.map((stage) => ({
      stage,
      entered: count(known, ({ entered }) => entered.includes(stage)),
      left_here: leftAt(stage),
    })),
    { stage: 'FINISHED', entered: count(known, ({ journey }) => journey === 'finished'), left_here: null },
    { stage: 'none', entered: null, left_here: leftAt('none') },
    {
      stage: 'no_log',
      entered: count(known, ({ logCoverage, stageReached }) => logCoverage === 'none' && stageReached > 0),
      left_here: null,
    },
  ];
  const most = Math.max(0, ...rows.map(({ left_here }) => left_here ?? 0));
  return rows
    .filter(({ entered, left_here }) => (entered ?? 0) + (left_here ?? 0) > 0)
    .map((row) => ({ ...row, note: most > 0 && row.left_here === most ? 'most_left' : '' }));
}

function bySize(counts: Map<string, Known[]>, name: string, size: string): ExpectedRow[] {
  const total = [...counts.values()].reduce((sum, group) => sum + group.length, 0);
  return [...counts].map(([key, group]) => ({
    [name]: key,
    [size]: group.length,
    share_percent: share(group.length, total),
  }));
}

function stays(known: readonly Known[]) {
  return begun(known).flatMap((one) =>
    Object.entries(one.staysMs).map(([stage, ms]) => ({
      stage,
      ms,
      journey: one.journey,
      left: one.journey === 'interrupted' && one.stage === stage,
    })),
  );
}

function patience(known: readonly Known[]): ExpectedRow[] {
  return [...grouped(stays(known), ({ stage }) => stage)].flatMap(([stage, watched]) => {
    const bucket = (ms: number) => Math.min(300, Math.floor(ms / 5_000) * 5);
    let still = 1;
    const rows: ExpectedRow[] = [];
    for (const at of [...new Set(watched.map(({ ms }) => bucket(ms)))].sort((a, b) => a - b)) {
      const atRisk = watched.filter(({ ms }) => bucket(ms) >= at).length;
      const left = watched.filter(({ ms, left: gone }) => gone && bucket(ms) === at).length;
      if (atRisk < FEWEST) break;
      still *= Math.max(1 - left / atRisk, 0.000001);
      rows.push({
        stage,
        seconds: at + 5,
        still_here_percent: 100 * still,
        at_risk: atRisk,
        left_here: left,
      });
    }
    return rows;
  });
}

function retries(known: readonly Known[]): ExpectedRow[] {
  const kinds = [
    ['ocr', 'OCR_SCAN', (one: Known) => one.counters?.ocr],
    ['ocr_edit', 'OCR_RESULT', (one: Known) => one.counters?.ocrEditRetries],
    ['liveness', 'FACE', (one: Known) => one.counters?.face],
  ] as const;
  return kinds.flatMap(([kind, stage, counter]) => {
    const there = begun(known).filter(
      (one) => counter(one) !== undefined && (one.staysMs[stage] !== undefined || one.stage === stage),
    );
    return [...grouped(there, (one) => String(Math.min(5, counter(one) ?? 0)))].map(([times, group]) => {
      const left = count(group, (one) => one.journey === 'interrupted' && one.stage === stage);
      return {
        kind,
        retries: Number(times),
        n: group.length,
        left_here: left,
        left_percent: share(left, group.length),
      };
    });
  });
}

function editBurden(known: readonly Known[]): ExpectedRow[] {
  const there = begun(known).filter(
    (one) => one.counters !== undefined && one.staysMs['OCR_RESULT'] !== undefined,
  );
  return [...grouped(there, (one) => String(Math.min(5, one.counters?.ocrEdits ?? 0)))].map(
    ([edits, group]) => ({
      edits: Number(edits),
      n: group.length,
      interrupted_percent: share(interrupted(group).length, group.length),
      median_ms: percentile(
        group.map(({ staysMs }) => staysMs['OCR_RESULT'] ?? 0),
        0.5,
      ),
    }),
  );
}

function breakdown(known: readonly Known[]): ExpectedRow[] {
  const pairs = known.flatMap((one) =>
    Object.entries(one.labels).map(([label, value]) => ({ key: JSON.stringify([label, value]), one })),
  );
  return [...grouped(pairs, ({ key }) => key)]
    .filter(([, group]) => group.length >= FEWEST)
    .map(([key, group]) => {
      const [label, value] = JSON.parse(key) as [string, string];
      const portion = (journey: string) =>
        share(group.filter(({ one }) => one.journey === journey).length, group.length);
      return {
        label,
        value,
        n: group.length,
        finished_percent: portion('finished'),
        interrupted_percent: portion('interrupted'),
        not_started_percent: portion('not_started'),
      };
    });
}

const above = (value: number | undefined, least: number) => (value === undefined ? undefined : value > least);

const FACTORS: Readonly<Record<string, (one: Known) => boolean | undefined>> = {
  camera_refused: (one) =>
    one.permissionOutcome === undefined ? undefined : one.permissionOutcome !== 'none',
  ocr_retried: (one) => above(one.counters?.ocr, 0),
  ocr_retried_3_or_more: (one) => above(one.counters?.ocr, 2),
  ocr_edited: (one) => above(one.counters?.ocrEdits, 0),
  liveness_retried: (one) => above(one.counters?.face, 0),
  liveness_retried_3_or_more: (one) => above(one.counters?.face, 2),
  slow_loading_over_3s: (one) => above(one.staysMs['LOADING'], 3_000),
  hidden_over_30s: (one) => above(one.hiddenMs, 30_000),
};

function factors(known: readonly Known[]): ExpectedRow[] {
  const population = begun(known);
  const labelled = new Set(
    population.flatMap((one) => Object.entries(one.labels).map((pair) => JSON.stringify(pair))),
  );
  const tests: Array<readonly [string, (one: Known) => boolean | undefined]> = [
    ...Object.entries(FACTORS),
    ...[...labelled].map((pair) => {
      const [label, value] = JSON.parse(pair) as [string, string];
      return [`${label} = ${value}`, (one: Known) => one.labels[label] === value] as const;
    }),
  ];
  return tests.flatMap(([factor, test]) => {
    const told = population.filter((one) => test(one) !== undefined);
    const cell = (has: boolean, lost: boolean) =>
      count(told, (one) => test(one) === has && (one.journey === 'interrupted') === lost);
    const [a, b, c, d] = [cell(true, true), cell(true, false), cell(false, true), cell(false, false)];
    if (a + b < FEWEST || c + d < FEWEST) return [];
    const odds = ((a + 0.5) / (b + 0.5)) * ((d + 0.5) / (c + 0.5));
    const error = Math.sqrt([a, b, c, d].reduce((sum, each) => sum + 1 / (each + 0.5), 0));
    return [
      {
        factor,
        n: a + b,
        left_percent: share(a, a + b),
        left_without_percent: share(c, c + d),
        odds_ratio: odds,
        low: odds * Math.exp(-1.96 * error),
        high: odds * Math.exp(1.96 * error),
      },
    ];
  });
}

function trend(known: readonly Known[]): ExpectedRow[] {
  const times = known.map(({ openedAtMs }) => openedAtMs);
  const width = Math.max(...times) - Math.min(...times) > 3 * 86_400_000 ? 86_400_000 : 3_600_000;
  return [...grouped(known, ({ openedAtMs }) => String(openedAtMs - (openedAtMs % width)))].map(
    ([at, group]) => ({
      bucket_ms: Number(at),
      answered: group.length,
      finished_percent: share(
        count(group, ({ journey }) => journey === 'finished'),
        group.length,
      ),
      interrupted_percent: share(interrupted(group).length, group.length),
      not_started_percent: share(
        count(group, ({ journey }) => journey === 'not_started'),
        group.length,
      ),
    }),
  );
}

function pages(known: readonly Known[]): ExpectedRow[] {
  return [...grouped(interrupted(known), ({ page, pageEn }) => page ?? pageEn ?? 'none')].map(
    ([page, group]) => ({
      page,
      lost: group.length,
    }),
  );
}

function quality(known: readonly Known[]): ExpectedRow[] {
  if (known.length === 0) return [];
  const portion = (test: (one: Known) => boolean) => share(count(known, test), known.length);
  const isUnknown = (value: string | undefined) => value?.startsWith('unknown:') === true;
  return [
    {
      answered: known.length,
      contradicted_percent: portion(({ contradictions }) => contradictions.length > 0),
      unknown_percent: portion(
        (one) => isUnknown(one.journey) || isUnknown(one.stage) || one.cause === 'unknown',
      ),
      full_log_percent: portion(({ logCoverage }) => logCoverage === 'full'),
      partial_log_percent: portion(({ logCoverage }) => logCoverage === 'partial'),
      no_log_percent: portion(({ logCoverage }) => logCoverage === 'none'),
    },
  ];
}

function contradictions(known: readonly Known[]): ExpectedRow[] {
  const named = known.flatMap((one) => one.contradictions);
  return [...grouped(named, (name) => name)].map(([contradiction, all]) => ({
    contradiction,
    n: all.length,
    share_percent: share(all.length, known.length),
  }));
}

function permission(known: readonly Known[]): ExpectedRow[] {
  const told = begun(known).filter(({ permissionOutcome }) => permissionOutcome !== undefined);
  const refused = count(told, ({ permissionOutcome }) => permissionOutcome !== 'none');
  return [...grouped(told, ({ permissionOutcome }) => permissionOutcome ?? '')].map(([outcome, group]) => ({
    permission_outcome: outcome,
    n: group.length,
    share_of_refused_percent: outcome === 'none' ? null : share(group.length, refused),
  }));
}

function staysByStage(known: readonly Known[]): ExpectedRow[] {
  return [...grouped(stays(known), ({ stage, journey }) => `${stage} ${journey}`)].map(([key, group]) => {
    const [stage = '', journey = ''] = key.split(' ');
    const values = group.map(({ ms }) => ms);
    return {
      stage,
      journey,
      n: values.length,
      p50_ms: percentile(values, 0.5),
      p75_ms: percentile(values, 0.75),
      p95_ms: percentile(values, 0.95),
    };
  });
}

function causes(known: readonly Known[]): ExpectedRow[] {
  const all = interrupted(known);
  return [...grouped(all, ({ cause }) => cause)].map(([cause, group]) => {
    const recoverable = count(group, (one) => one.recoverable === true);
    const not = count(group, (one) => one.recoverable === false);
    return {
      cause,
      recoverable,
      not_recoverable: not,
      outlook_unknown: group.length - recoverable - not,
      lost: group.length,
      share_percent: share(group.length, all.length),
      recoverable_percent: share(recoverable, recoverable + not),
    };
  });
}

const headline = (test: (one: Known) => boolean) => (known: readonly Known[]) => [
  { value: count(known, test) },
];

/** By chart id: the rows, in any order; a column that is left out is not compared. */
export const EXPECTED: Readonly<Record<string, (known: readonly Known[]) => ExpectedRow[]>> = {
  'headline-registered': headline(() => true),
  'headline-opened': headline(({ stageReached }) => stageReached >= 1),
  'headline-finished': headline(({ journey }) => journey === 'finished'),
  'headline-passed': headline(({ journey, passed }) => journey === 'finished' && passed === true),
  'headline-interrupted': headline(({ journey }) => journey === 'interrupted'),
  'headline-not-started': headline(({ journey }) => journey === 'not_started'),
  trend,
  funnel,
  'funnel-by-solution': (known) =>
    [...grouped(known, ({ labels }) => labels['product_code'] ?? 'none')].flatMap(([solution, group]) =>
      funnel(group).map((row) => ({ solution, ...row })),
    ),
  'where-stage': (known) =>
    bySize(
      grouped(interrupted(known), ({ stage }) => stage ?? 'none'),
      'stage',
      'lost',
    ),
  'where-page': pages,
  'why-cause': causes,
  factors,
  breakdown,
  'stay-by-stage': staysByStage,
  patience,
  'leave-after-retries': retries,
  'permission-outcomes': permission,
  'edit-burden': editBurden,
  'latest-lost': (known) =>
    [...interrupted(known)]
      .sort((a, b) => b.openedAtMs - a.openedAtMs || (a.transactionId < b.transactionId ? -1 : 1))
      .slice(0, 50)
      .map(({ transactionId, openedAtMs, cause }) => ({
        transaction_id: transactionId,
        opened_at_ms: openedAtMs,
        cause,
      })),
  'data-quality': quality,
  contradictions,
};
