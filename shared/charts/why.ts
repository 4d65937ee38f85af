import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { column, type Section } from './chart.ts';
import {
  begun,
  interrupted,
  JOURNEY_COLUMNS,
  JOURNEY_SHARES,
  LABELS_AS_MAP,
  MIN_SESSIONS,
  OPENED_AT_MS,
  percent,
  sessions,
  textArray,
} from './sql.ts';

/** Why people left, what correlates with leaving, and who they were. */

const CAUSE = "coalesce(cause, 'unknown')";

/** Yes/no facts of a session that may correlate with leaving. */
const FACTORS: ReadonlyArray<readonly [name: string, condition: string]> = [
  ['camera_refused', "permission_outcome <> 'none'"],
  ['ocr_retried', 'ocr_retries > 0'],
  ['ocr_retried_3_or_more', 'ocr_retries >= 3'],
  ['ocr_edited', 'ocr_edits > 0'],
  ['liveness_retried', 'face_retries > 0'],
  ['liveness_retried_3_or_more', 'face_retries >= 3'],
  ['slow_loading_over_3s', 'stay_loading_ms > 3000'],
  ['hidden_over_30s', 'hidden_ms > 30000'],
];

const FACTOR_READS = [
  'labels',
  'permission_outcome',
  'ocr_retries',
  'ocr_edits',
  'face_retries',
  'stay_loading_ms',
  'hidden_ms',
];

/**
 * For each fact, and for each value of a label against its other values: a left with it, b stayed with it, c left
 * without it, d stayed without it. A half is added to each (Haldane, Anscombe), so that a zero gives a finite ratio.
 */
const FACTORS_SQL = `
  WITH attempts AS (
    SELECT *, journey = 'interrupted' AS lost
    FROM ${begun(FACTOR_READS)}
  ),
  facts AS (
    SELECT
      fact.factor AS factor,
      count_if(fact.here AND lost) AS a,
      count_if(fact.here AND NOT lost) AS b,
      count_if(NOT fact.here AND lost) AS c,
      count_if(NOT fact.here AND NOT lost) AS d
    FROM attempts
    CROSS JOIN UNNEST(
      ${textArray(FACTORS.map(([name]) => name))},
      ARRAY[${FACTORS.map(([, condition]) => condition).join(', ')}]
    ) AS fact(factor, here)
    WHERE fact.here IS NOT NULL
    GROUP BY fact.factor
  ),
  label_values AS (
    SELECT label, value, count_if(lost) AS a, count_if(NOT lost) AS b
    FROM attempts
    CROSS JOIN UNNEST(${LABELS_AS_MAP}) AS dimension(label, value)
    WHERE labels IS NOT NULL AND value IS NOT NULL
    GROUP BY label, value
  ),
  cells AS (
    SELECT factor, a, b, c, d FROM facts
    UNION ALL
    SELECT
      concat(label, ' = ', value) AS factor,
      a,
      b,
      sum(a) OVER (PARTITION BY label) - a AS c,
      sum(b) OVER (PARTITION BY label) - b AS d
    FROM label_values
  ),
  ratios AS (
    SELECT
      factor, a, b, c, d,
      (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)) AS odds,
      sqrt(1.0 / (a + 0.5) + 1.0 / (b + 0.5) + 1.0 / (c + 0.5) + 1.0 / (d + 0.5)) AS error
    FROM cells
    WHERE a + b >= ${MIN_SESSIONS} AND c + d >= ${MIN_SESSIONS}
  )
  SELECT
    factor,
    a + b AS n,
    round(100.0 * a / (a + b), 1) AS left_percent,
    round(100.0 * c / (c + d), 1) AS left_without_percent,
    round(odds, 2) AS odds_ratio,
    round(exp(ln(odds) - 1.96 * error), 2) AS low,
    round(exp(ln(odds) + 1.96 * error), 2) AS high
  FROM ratios
  ORDER BY odds DESC, factor
  LIMIT 100`;

export const WHY: Section = {
  id: 'why',
  title: { en: 'Why', zh: '为什么' },
  charts: [
    {
      id: 'why-cause',
      title: { en: 'Why they left', zh: '为什么离开' },
      question: { en: 'What stopped them, and could they come back?', zh: '原因是什么？还能挽回吗？' },
      metric:
        'Interrupted sessions by cause. Recoverable = another try, as the team can offer it, may succeed; not known where the cause is not known. ' +
        'Share = of all interrupted sessions; recoverable share = of those where it is known.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH causes AS (
          SELECT
            ${CAUSE} AS cause,
            count_if(recoverable = 'true') AS recoverable,
            count_if(recoverable = 'false') AS not_recoverable,
            count(1) AS lost
          FROM ${interrupted(['cause', 'recoverable'])}
          GROUP BY ${CAUSE}
        )
        SELECT
          cause,
          recoverable,
          not_recoverable,
          lost - recoverable - not_recoverable AS outlook_unknown,
          lost,
          ${percent('lost', 'sum(lost) OVER ()')} AS share_percent,
          ${percent('recoverable', '(recoverable + not_recoverable)')} AS recoverable_percent
        FROM causes
        ORDER BY lost DESC, cause
        LIMIT 100`,
      kind: 'stacked',
      columns: [
        column('cause', 'key', 'Cause', '原因'),
        column('recoverable', 'count', 'Recoverable', '可挽回'),
        column('not_recoverable', 'count', 'Not recoverable', '不可挽回'),
        column('outlook_unknown', 'count', 'Not known', '无法判断'),
        column('lost', 'count', 'Interrupted', '中断'),
        column('share_percent', 'percent', 'Share', '占比'),
        column('recoverable_percent', 'percent', 'Recoverable share', '可挽回占比'),
      ],
      x: 'cause',
      y: ['recoverable', 'not_recoverable', 'outlook_unknown'],
      drill: { column: 'cause', field: 'cause', within: ['interrupted'], counted: CAUSE },
      width: 12,
      height: 8,
    },
    {
      id: 'factors',
      title: { en: 'What goes with leaving', zh: '与离开相关的因素' },
      question: { en: 'Which facts are commoner among those who left?', zh: '哪些情况在离开者中更常见？' },
      metric:
        `Odds ratio of being interrupted with the fact against without it, 95 % interval, over finished and interrupted sessions of which it is known; at least ${MIN_SESSIONS} on each side. A label is compared with its other values. ` +
        'This is correlation: it does not say that the fact makes people leave.',
      logstore: RECORDS_LOGSTORE,
      sql: FACTORS_SQL,
      kind: 'table',
      columns: [
        column('factor', 'key', 'Fact', '因素'),
        column('n', 'count', 'Sessions with it', '具备会话数'),
        column('left_percent', 'percent', 'Left with it', '具备时离开率'),
        column('left_without_percent', 'percent', 'Left without it', '不具备时离开率'),
        column('odds_ratio', 'ratio', 'Odds ratio (not causal)', '优势比（非因果）'),
        column('low', 'ratio', '95 % from', '95% 下限'),
        column('high', 'ratio', '95 % to', '95% 上限'),
      ],
      width: 12,
      height: 10,
    },
    {
      id: 'breakdown',
      title: { en: 'By label', zh: '按标签' },
      question: {
        en: 'Does it differ by platform, version, channel, country?',
        zh: '平台、版本、渠道、国家之间有差别吗？',
      },
      metric: `Answered sessions by each label given at registration; values with fewer than ${MIN_SESSIONS} sessions are left out. Percentages are of the sessions with that value.`,
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH answered AS ${sessions(['labels', 'journey'])}
        SELECT label, value, count(1) AS n, ${JOURNEY_SHARES}
        FROM answered
        CROSS JOIN UNNEST(${LABELS_AS_MAP}) AS dimension(label, value)
        WHERE labels IS NOT NULL AND value IS NOT NULL
        GROUP BY label, value
        HAVING count(1) >= ${MIN_SESSIONS}
        ORDER BY label, n DESC, value
        LIMIT 1000`,
      kind: 'table',
      columns: [
        column('label', 'text', 'Label', '标签'),
        column('value', 'text', 'Value', '值'),
        column('n', 'count', 'Sessions', '会话数'),
        ...JOURNEY_COLUMNS,
      ],
      width: 24,
      height: 10,
    },
  ],
};

const LOST_READS = [
  'transaction_id',
  'initialized_at_ms',
  'registered_at_ms',
  'stage',
  'cause',
  'recoverable',
  'story',
  'story_zh',
];

export const LOST: Section = {
  id: 'lost',
  title: { en: 'People we lost', zh: '流失的用户' },
  charts: [
    {
      id: 'latest-lost',
      title: { en: 'Latest lost transactions', zh: '最近流失的认证' },
      question: { en: 'What happened to the people we lost just now?', zh: '刚刚流失的用户经历了什么？' },
      metric: 'The 50 interrupted sessions opened last, with their story.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        SELECT transaction_id, ${OPENED_AT_MS} AS opened_at_ms, stage, cause, recoverable, story, story_zh
        FROM ${interrupted(LOST_READS)}
        ORDER BY opened_at_ms DESC, transaction_id
        LIMIT 50`,
      kind: 'table',
      columns: [
        column('transaction_id', 'id', 'Transaction', '认证 ID'),
        column('opened_at_ms', 'time_ms', 'Opened', '打开时间'),
        column('stage', 'key', 'Stage', '阶段'),
        column('cause', 'key', 'Cause', '原因'),
        column('recoverable', 'key', 'Recoverable', '可挽回'),
        column('story', 'text', 'Story', '经过（英文）'),
        column('story_zh', 'text', 'Story (Chinese)', '经过'),
      ],
      width: 24,
      height: 10,
    },
  ],
};
